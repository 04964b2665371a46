"""Writing the knowledge down in the forms of others."""
