"""The same answers over HTTP: SPARQL, an interface for programs, CDS Hooks, linked data, and the page."""
