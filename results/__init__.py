"""What every result has in common: named dimensions, files, and the look of its pictures."""
