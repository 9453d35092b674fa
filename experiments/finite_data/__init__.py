"""Studies that train on finite sets: error against load and against epochs."""
