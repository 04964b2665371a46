"""Guidelines as sheets, and what a methodologist needs to write them; computes no answers."""
