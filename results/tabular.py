"""What all results have in common: they are tables, in every form that tables have."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from . import files
from .html_table import Table, html_table

if TYPE_CHECKING:
    import pandas
    import xarray


class Tabular(ABC):
    """A result as a table.

    A class says what its JSON object and its columns are, the column along which the others lie
    (`_dimension`), and what the numbers belong to (`_attributes`). All other forms follow. One
    whose numbers have several dimensions makes its own dataset.
    """

    #: The dataset's dimension. One that is no column counts the rows.
    _dimension: ClassVar[str] = "row"

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
        import pandas

        return pandas.DataFrame({name: filled(v) for name, v in self.columns().items()})

    def _repr_html_(self) -> str:
        """The table in a notebook; of a long one, rows that are evenly spaced."""
        return html_table(Table(f"{type(self).__name__}.", self.columns()))


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
