"""Build every shipped table of moments anew (`bntheory.odes.tables.shipped`)."""

import bntheory as bn
import numpy as np
from bntheory.odes.flow.flow_kernels import flow_kernels
from bntheory.odes.fluctuations import diffusion_tables
from bntheory.odes.fluctuations.joint_flow import fluctuation_kernels
from bntheory.odes.tables import moment_tables, shipped
from bntheory.odes.tables.regions import middle
from bntheory.odes.tables.table_spec import TableSpec


def write_all() -> None:
    """Write the tables into the package, in place of those that are there."""
    shipped.FOLDER.mkdir(exist_ok=True)
    for old in shipped.FOLDER.glob("*.npz"):
        old.unlink()
    for setting in shipped.wanted():
        activation, scheme, M = setting
        problem = bn.Problem(activation, scheme, batch_size=M)
        asked = flow_kernels(problem).TABLE
        if asked:
            spec = TableSpec.from_json(asked)
            region = middle(spec.singular)
            made = moment_tables.build(spec, M, region)
            path = shipped.path_of("moments", moment_tables.key_of(spec, M, region))
            np.savez_compressed(path, packed=made.packed, error=made.error)
        if shipped.has_scatter(*setting):
            values = diffusion_tables.build(problem, fluctuation_kernels(problem))
            path = shipped.path_of("diffusion", diffusion_tables.key_of(problem))
            np.savez_compressed(path, packed=values)


if __name__ == "__main__":
    write_all()
