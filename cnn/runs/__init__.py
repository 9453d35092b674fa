"""Training, judging and what is recorded of it."""
