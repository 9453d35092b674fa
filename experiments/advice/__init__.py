"""What the theory says of the settings of a training script."""
