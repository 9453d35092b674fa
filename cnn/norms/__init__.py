"""Normalising layers, and the moments they see."""
