"""Orders: the hold itself, its states, the one gate, and the combiner of a sale."""
