"""The system of an inertial flow whose inputs have blocks of eigenvalues."""
