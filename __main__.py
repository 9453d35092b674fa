"""``python -m bntheory`` is the ``bntheory`` command."""

from bntheory.cli.main import main

main()
