"""The explorer: one page, offline, on which the flow follows sliders."""
