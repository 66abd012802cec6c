"""``python -m taxlien.run`` is the command ``taxlien``."""

from taxlien.run.cli import main

main()
