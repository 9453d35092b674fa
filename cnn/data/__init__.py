"""Images: what is on disk, and the batches of it."""
