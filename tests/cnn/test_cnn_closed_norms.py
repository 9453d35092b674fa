"""The closed backward passes against autograd of plain formulas; kernels of a card against both."""

import pytest

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-cnn installs it")
from bntheory.cnn.norms import passes  # noqa: E402
from bntheory.cnn.norms.normalise import Rule, _Affine, _Normalise, moments_of_all  # noqa: E402

torch.set_num_threads(1)

on_card = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
BATCH, COUNT = 6, 3
SHAPES = ((BATCH, COUNT), (BATCH, COUNT, 5), (BATCH, COUNT, 4, 3))
#: subtract, divide, groups, first, renormalised
RULES = [
    (subtract, divide, groups, first, renormalised)
    for subtract in (True, False)
    for divide in (True, False)
    for groups, first in ((1, 0), (2, 0), (3, 0), (1, 2), (1, 4))
    for renormalised in ((False, True) if divide and subtract and not first else (False,))
]
EPS = 0.1  # not small: it must stand in the right places


def numbers(shape, **kind):
    torch.manual_seed(0)
    x = (torch.randn(shape, dtype=torch.float64) + 0.4).to(**kind).requires_grad_()
    scale = torch.tensor([0.8, -1.1, 1.3], dtype=torch.float64, requires_grad=True)
    shift = torch.tensor([0.1, -0.2, 0.3], dtype=torch.float64, requires_grad=True)
    r, d = 0.5 + torch.rand(2, 3, COUNT, dtype=torch.float64)
    return x, scale, shift, r, d


def plain(x, scale, shift, rule, r=None, d=None):
    """The definition, group by group and channel by channel."""
    result = torch.empty_like(x)
    size = len(x) // rule.groups
    for group in range(rule.groups):
        for c in range(COUNT):
            h = x[group * size : (group + 1) * size, c]
            used = h[rule.first :]
            y = h - used.mean() if rule.subtract else h
            y = y / (used.var(correction=0) + rule.eps).sqrt() if rule.divide else y
            y = y if r is None else y * r[group, c] + d[group, c]
            result[group * size : (group + 1) * size, c] = scale[c] * y + shift[c]
    return result


def closed(x, scale, shift, rule, r=None, d=None):
    used = x.detach()[rule.first :]
    moments = (
        passes.moments(used, used[0].reshape(COUNT, -1)[:, 0].contiguous(), rule.groups)
        if rule.groups > 1
        else moments_of_all(used, used[0].reshape(COUNT, -1)[:, 0].contiguous())
    )
    return _Normalise.apply(rule, x, scale, shift, *moments, r, d)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("options", RULES)
def test_closed_passes_are_the_derivatives_of_the_definition(shape, options):
    subtract, divide, groups, first, renormalised = options
    rule = Rule(EPS, subtract, divide, groups, first)
    x, scale, shift, r, d = numbers(shape)
    constants = (r[:groups], d[:groups]) if renormalised else ()
    found, expected = (f(x, scale, shift, rule, *constants) for f in (closed, plain))
    assert torch.allclose(found, expected, rtol=1e-12, atol=1e-12)
    torch.manual_seed(1)
    dy = torch.randn_like(x)
    for got, exact in zip(
        torch.autograd.grad(found, [x, scale, shift], dy),
        torch.autograd.grad(expected, [x, scale, shift], dy),
        strict=True,
    ):
        assert torch.allclose(got, exact, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_affine_map_is_closed_as_well(shape):
    x, scale, shift, centre, _ = numbers(shape)
    centre = centre[0]
    across = (1, COUNT, *[1] * (len(shape) - 2))
    found = _Affine.apply(x, scale, shift, centre)
    expected = scale.reshape(across) * (x - centre.reshape(across)) + shift.reshape(across)
    dy = torch.randn_like(x)
    assert torch.allclose(found, expected, rtol=1e-12)
    for got, exact in zip(
        torch.autograd.grad(found, [x, scale, shift], dy),
        torch.autograd.grad(expected, [x, scale, shift], dy),
        strict=True,
    ):
        assert torch.allclose(got, exact, rtol=1e-11, atol=1e-11)


@on_card
@pytest.mark.parametrize("options", RULES)
def test_the_kernels_of_a_card_do_the_same_in_float32(options):
    subtract, divide, groups, first, renormalised = options
    rule = Rule(EPS, subtract, divide, groups, first)
    exact = numbers((BATCH, COUNT, 40, 9))
    card = [t.detach().float().cuda() for t in exact]
    card[0] = card[0].contiguous(memory_format=torch.channels_last)
    assert passes.fast(card[0]) is not None
    results = []
    for x, scale, shift, r, d in (exact, card):
        leaves = [t.detach().requires_grad_() for t in (x, scale, shift)]
        y = closed(*leaves, rule, *((r[:groups], d[:groups]) if renormalised else ()))
        torch.manual_seed(1)
        dy = torch.randn(y.shape, dtype=torch.float64).to(y)
        results.append([y, *torch.autograd.grad(y, leaves, dy)])
    for expected, got in zip(*results, strict=True):
        error = (got.double().cpu() - expected).abs().max() / expected.abs().max()
        assert error < 3e-6  # 2160 values of 6e-8 each in the sums
