"""Section 2 of the paper: the setting. Problem, activations, schemes, and the simulator."""
