"""Tools for language models over the Model Context Protocol: the same questions, the same published forms."""
