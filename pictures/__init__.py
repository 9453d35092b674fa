"""The look of every picture, and every drawing."""
