"""The tables that come with the package are those that the builders make."""

import bntheory as bn
import numpy as np
import pytest
from bntheory.odes.flow.flow_kernels import flow_kernels
from bntheory.odes.fluctuations import diffusion_tables
from bntheory.odes.fluctuations.joint_flow import fluctuation_kernels
from bntheory.odes.tables import moment_tables, shipped
from bntheory.odes.tables.regions import middle
from bntheory.odes.tables.table_spec import TableSpec

#: What a sum of some thousand terms in another order may differ by, of numbers of order one; a
#: table's own error is a million times that.
ROUNDING = 1e-11

every = pytest.mark.slow  # a minute, the activations' quadratures compiled
SOME = [("relu", "bn", 32), ("identity", "mean-only-bn", 8), ("leaky-relu", "var-only-bn", 128)]
WANTED = [
    pytest.param(*setting, marks=[] if setting in SOME else every, id="-".join(map(str, setting)))
    for setting in shipped.wanted()
]


@pytest.mark.parametrize(("activation", "scheme", "M"), WANTED)
def test_a_shipped_table_is_what_the_builder_makes(activation, scheme, M):
    asked = flow_kernels(bn.Problem(activation, scheme, batch_size=M)).TABLE
    if activation == "identity":
        assert not asked  # its moments have closed forms
        return
    spec = TableSpec.from_json(asked)
    region = middle(spec.singular)
    known = shipped.shipped("moments", moment_tables.key_of(spec, M, region))
    made = moment_tables.build(spec, M, region)
    np.testing.assert_allclose(known["packed"], made.packed, rtol=ROUNDING, atol=ROUNDING)
    assert float(known["error"]) == pytest.approx(made.error, rel=0.5, abs=ROUNDING)
    assert made.error < moment_tables.WORST
    wrong = moment_tables.build(spec, M + 1, region)
    assert np.abs(known["packed"] - wrong.packed).max() > 1e3 * ROUNDING


@pytest.mark.parametrize("M", [8, pytest.param(32, marks=every), pytest.param(128, marks=every)])
def test_a_shipped_scatter_is_what_the_builder_measures(M):
    problem = bn.Problem("relu", "bn", batch_size=M)
    known = shipped.shipped("diffusion", diffusion_tables.key_of(problem))
    made = diffusion_tables.build(problem, fluctuation_kernels(problem))
    np.testing.assert_allclose(known["packed"], made, rtol=1e-9, atol=1e-9)
    assert np.abs(known["packed"]).max() > 0.1


def test_another_setting_has_no_shipped_table():
    assert shipped.shipped("diffusion", diffusion_tables.key_of(bn.Problem(batch_size=31))) is None


def test_there_is_a_file_for_every_setting_and_no_other():
    homogeneous = [s for s in shipped.wanted() if shipped.has_scatter(*s)]
    assert len(homogeneous) == 10
    kinds = [path.name.partition("_")[0] for path in shipped.FOLDER.glob("*.npz")]
    assert kinds.count("diffusion") == len(homogeneous)
    # mean-only-bn and bn of one activation may ask for the same table
    assert 15 < kinds.count("moments") <= len(shipped.wanted())
