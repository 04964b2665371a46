"""Auditing a body of recommendations for its provenance, and tracing what a statement rests on."""
