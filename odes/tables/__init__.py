"""Moments that have no closed form: laws by quadrature or sampling, kept as Chebyshev tables."""
