"""Networks: built, changed, folded, kept, and the decay of their gamma."""
