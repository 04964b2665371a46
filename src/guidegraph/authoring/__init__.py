"""Guidelines as sheets: read into the graph and written back."""
