"""Formulas to compiled, disk-cached kernels: parse, lower to source text, write, import."""
