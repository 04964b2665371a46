"""What the knowledge base says: index, records, words for facts, statements as plain values."""
