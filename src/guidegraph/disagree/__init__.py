"""Where documents disagree, for whom, and whether it is real."""
