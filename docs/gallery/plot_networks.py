"""
Do real networks show it?
=========================

Section 5 of the paper, with small residual networks on Fashion-MNIST: curves from the records of
trained networks that come with the package. Bands are one standard deviation over seeds.
"""

from bntheory.cnn.collection import committed
from bntheory.figures.figure2 import figure2

found = figure2(committed("cpu"))
found.plot()
