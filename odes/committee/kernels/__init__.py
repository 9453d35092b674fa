"""Kernels of committees' flows, copied beside the system of a problem."""
