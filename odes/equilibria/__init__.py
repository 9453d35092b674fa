"""Fixed points, their stability and branches, and what follows from them."""
