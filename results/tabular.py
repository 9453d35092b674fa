"""What all results have in common: they are tables, in every form that tables have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from . import files
from .errors import MissingLibraryError
from .html_table import Table, html_table
from .named import Named
from .same import fields, fingerprint, same
from .summary import in_short, one_line
from .widths import Width

if TYPE_CHECKING:
    import pandas
    import xarray


class Tabular(Named, ABC):
    """A result as a table.

    A class says what its JSON object and its columns are, the column along which the others lie
    (`_dimension`), and what the numbers belong to (`_attributes`). All other forms follow. One
    whose numbers have several dimensions makes its own dataset. Columns are entries and attributes
    too: ``flow["R"]`` is ``flow.R``.
    """

    #: The dataset's dimension. One that is no column counts the rows.
    _dimension: ClassVar[str] = "row"

    def __init_subclass__(cls, **options: Any) -> None:
        # Before `dataclass` would write its own, which compare arrays by `==` and show them whole.
        super().__init_subclass__(**options)
        for name in ("__repr__", "__eq__", "__hash__"):
            if name not in vars(cls) or (name == "__hash__" and cls.__hash__ is None):
                setattr(cls, name, getattr(Tabular, name))

    def __repr__(self) -> str:
        return in_short(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return same(fields(self), fields(other))

    def __hash__(self) -> int:
        return hash((type(self).__name__, fingerprint(fields(self))))

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """The JSON form; numbers may be arrays."""

    @abstractmethod
    def columns(self) -> Mapping[str, Any]:
        """The CSV form: columns of one length, by name."""

    def _attributes(self) -> dict[str, Any]:
        """What a dataset says of all its numbers."""
        return {}

    def _variables(self) -> Mapping[str, Any]:
        """The columns that a dataset has."""
        return self.columns()

    def _streamed(self) -> Mapping[str, Any]:
        """`to_dict` of what is written in pieces: long rows may be `RowBlocks`."""
        return self.to_dict()

    def _rows(self) -> list[dict[str, Any]]:
        """The columns as rows: one JSON object each."""
        columns = {name: np.asarray(v, object).tolist() for name, v in self.columns().items()}
        rows = zip(*columns.values(), strict=True)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def to_json(self) -> str:
        """The result as one JSON object; a quantity that does not exist is null.

        Examples
        --------
        >>> import bntheory as bn
        >>> flow = bn.integrate(bn.Problem("identity", scheme="wn"), time=1.0, points=2)
        >>> '"t": [0.0, 1.0]' in flow.to_json()
        True
        """
        return files.to_json(self)

    def to_csv(self) -> str:
        """The columns as comma-separated values; missing numbers are empty.

        Examples
        --------
        >>> import bntheory as bn
        >>> flow = bn.integrate(bn.Problem("identity", scheme="wn"), time=1.0, points=2)
        >>> flow.to_csv().splitlines()[0]
        't,Q,R,L,error,gamma'
        """
        return files.to_csv(self)

    def to_dataset(self) -> xarray.Dataset:
        """The columns as a dataset, with units, and with what they belong to as attributes.

        Examples
        --------
        >>> import bntheory as bn
        >>> flow = bn.integrate(bn.Problem("identity", scheme="wn"), time=1.0, points=2)
        >>> dict(flow.to_dataset().sizes)
        {'t': 2}
        """
        columns = {name: filled(values) for name, values in self._variables().items()}
        count = len(next(iter(columns.values()), ()))
        along = columns.pop(self._dimension, np.arange(count))
        variables = {name: ((self._dimension,), values) for name, values in columns.items()}
        return files.dataset(variables, {self._dimension: along}, self._attributes())

    def to_dataframe(self) -> pandas.DataFrame:
        """The columns as a table of pandas.

        Examples
        --------
        >>> import bntheory as bn
        >>> flow = bn.integrate(bn.Problem("identity", scheme="wn"), time=1.0, points=2)
        >>> flow.to_dataframe()["t"].tolist()
        [0.0, 1.0]
        """
        try:
            import pandas
        except ImportError:
            raise MissingLibraryError(
                "pandas is not installed, and a table of pandas was asked for: pip install pandas; "
                "columns() and to_dataset() need none"
            ) from None

        return pandas.DataFrame({name: filled(v) for name, v in self.columns().items()})

    def save(self, path: str | Path, *, width: Width = "two") -> None:
        """Write the result to a file, in the format of its suffix; whole, or not at all.

        Parameters
        ----------
        path
            Ending in ``.nc``, which `bntheory.load` reads again, ``.csv`` or ``.json``; where the
            result has a picture also in ``.png``, ``.svg`` or ``.pdf``.
        width
            Of a picture: ``"one"`` or ``"two"`` columns of a journal.

        Raises
        ------
        ValueError
            For another suffix, or a folder that cannot be written.

        Examples
        --------
        >>> import tempfile, bntheory as bn
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     bn.fixed_points(bn.Problem("identity", scheme="wn")).save(f"{folder}/points.csv")
        """
        files.save(self, path, width=width)

    def _repr_html_(self) -> str:
        """The table in a notebook; of a long one, rows that are evenly spaced."""
        said = one_line(self).removeprefix(type(self).__name__).lstrip(" :")
        return html_table(Table(f"{type(self).__name__}. {said}.", self.columns()))


def filled(values: Sequence[Any]) -> np.ndarray:
    """A column as an array; what is missing is ``""`` among words and NaN among numbers.

    Examples
    --------
    >>> filled([1.5, None]).tolist(), filled(["a", None]).tolist()
    ([1.5, nan], ['a', ''])
    """
    if isinstance(values, np.ndarray):
        return values
    missing = "" if any(isinstance(value, str) for value in values) else np.nan
    return np.array([missing if value is None else value for value in values])
