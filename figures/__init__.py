"""One recipe a figure of the paper, and the style sheet."""
