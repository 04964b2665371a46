"""One query from its text to its rows: the guard, the catalogue of shipped queries, the run."""
