"""The loops that integrate, as modules that any generated system completes."""
