"""The Jacobian of a system some of whose moments have no closed form, as source text."""

NUMERICAL_JACOBIAN = '''
@kernel
def jacobian(t, y, p, J):
    """Differences, as some moments have no closed form: central, but from inside at |R| = 1."""
    near, up, middle, down = y.copy(), np.empty(y.size), np.empty(y.size), np.empty(y.size)
    for j in range(y.size):
        h = 1e-5 * (1.0 + abs(y[j]))
        if j == OVERLAP and 1.0 - abs(y[j]) < h:
            h = -1e-6 if y[j] > 0.0 else 1e-6
            rhs(t, y, p, middle)
            near[j] = y[j] + h
            rhs(t, near, p, up)
            near[j] = y[j] + 2.0 * h
            rhs(t, near, p, down)
            for i in range(y.size):
                J[i, j] = (4.0 * up[i] - 3.0 * middle[i] - down[i]) / (2.0 * h)
        else:
            near[j] = y[j] + h
            rhs(t, near, p, up)
            near[j] = y[j] - h
            rhs(t, near, p, down)
            for i in range(y.size):
                J[i, j] = 0.5 * (up[i] - down[i]) / h
        near[j] = y[j]

'''
