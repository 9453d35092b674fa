"""Section 3 of the paper: the order-parameter flows, derived, compiled and integrated."""
