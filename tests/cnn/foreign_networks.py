"""Networks that nobody here wrote: torchvision's."""

from importlib.util import find_spec

import pytest


def torchvision_models():
    """The module ``torchvision.models``; the test is skipped where torchvision is not installed.

    Only architectures are used, which are plain torch. Where a build of torchvision for GPUs meets
    one of torch for CPUs its compiled operators do not load, and it would fail to be imported for
    want of their names alone; these are declared then.
    """
    if find_spec("torchvision") is None:
        pytest.skip("needs torchvision: make test-cnn installs it")
    import torch

    try:
        import torchvision.models
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float threshold) -> Tensor")
        OPERATORS.append(library)
        import torchvision.models
    return torchvision.models


#: Kept alive: operators go with their library.
OPERATORS = []
