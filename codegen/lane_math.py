"""Inverse cosine and sine without branches, so that loops that call them become SIMD code.

The rational approximation is that of fdlibm's ``e_acos.c`` (Sun Microsystems, 1993, freely
distributable), of an error below one unit in the last place on [0, 1/2]; beyond 1/2 the half
angle is taken.
"""

import math

from .jit import lane_kernel

# fmt: off
_P = (1.66666666666666657415e-01, -3.25565818622400915405e-01, 2.01212532134862925881e-01,
      -4.00555345006794114027e-02, 7.91534994289814532176e-04, 3.47933107596021167570e-05)
_Q = (-2.40339491173441421878e00, 2.02094576023350569471e00, -6.88283971605453293030e-01,
      7.70381505559019352791e-02)
# fmt: on
HALF_PI = 0.5 * math.pi


@lane_kernel
def _core(a: float) -> float:
    """asin(a) for 0 <= a <= 1/2; for a > 1/2 half of acos(a)."""
    large = a > 0.5
    z = 0.5 * (1.0 - a) if large else a * a
    s = math.sqrt(z) if large else a
    p = _P[0] + z * (_P[1] + z * (_P[2] + z * (_P[3] + z * (_P[4] + z * _P[5]))))
    q = 1.0 + z * (_Q[0] + z * (_Q[1] + z * (_Q[2] + z * _Q[3])))
    return s + s * (z * p / q)


@lane_kernel
def acos_lane(x: float) -> float:
    """acos(x) for |x| <= 1."""
    a = abs(x)
    core = _core(a)
    angle = 2.0 * core if a > 0.5 else HALF_PI - core
    return angle if x >= 0.0 else math.pi - angle


@lane_kernel
def asin_lane(x: float) -> float:
    """asin(x) for |x| <= 1."""
    a = abs(x)
    core = _core(a)
    angle = HALF_PI - 2.0 * core if a > 0.5 else core
    return angle if x >= 0.0 else -angle
