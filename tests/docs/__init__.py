"""The documentation: its examples are run, its site is built."""
