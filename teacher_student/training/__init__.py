"""The same students on a finite set of examples."""
