"""From a derivation to the source text of its system."""
