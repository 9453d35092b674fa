"""The theory of batch normalisation as software."""
