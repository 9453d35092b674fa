"""Section 4: generalisation error against load, linear and ReLU students."""
