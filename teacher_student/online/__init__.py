"""Fresh examples in every step: the exact simulation, its state by chain or by vectors."""
