"""The system of a flow whose inputs have blocks of eigenvalues."""
