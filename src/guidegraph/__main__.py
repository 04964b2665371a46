"""Run the command line as ``python -m guidegraph``."""

from guidegraph.cli import main

main()
