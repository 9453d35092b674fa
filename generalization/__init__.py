"""Section 4 of the paper: generalisation error against load."""
