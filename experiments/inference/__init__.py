"""What a trained network errs when it is deployed, with its own batch or running statistics."""
