"""Looking at any network with batch normalisations by hooks, without changing anything of it."""
