"""``python -m bntheory`` is the ``bntheory`` command."""

from bntheory.cli.entry import main

if __name__ == "__main__":  # Dask's local workers import this module again
    main()
