"""Kernels that call a problem's formulas; generated packages hold copies of them beside those."""
