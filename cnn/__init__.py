"""The companion adapter (paper, section 5): convolutional networks in PyTorch.

The only package that imports torch; only ``cli`` and ``figures`` import it, when asked. What reads
data or records (`formats`, `data`, `recipe`, `records`, `claims`) does without torch.
"""
