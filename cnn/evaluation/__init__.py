"""What is concluded from runs: the bridge to theory, claims, campaigns."""
