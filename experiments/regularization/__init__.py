"""What batch normalisation regularises, measured on fields."""
