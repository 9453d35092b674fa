"""The code model, printed for Python and numba, for SIMD lanes and for JavaScript."""
