"""The same answers for many patients at once: facts as columns, statuses as columns."""
