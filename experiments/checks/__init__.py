"""Simulations that check a curve or a point of theory."""
