"""Solving the flow: one trajectory or many, explicit or stiff."""
