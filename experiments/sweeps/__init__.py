"""A quantity over a grid of settings, from the flow or from runs."""
