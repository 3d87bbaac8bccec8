"""Signals of fraud: looked for after the fact, shown to people, and never in the way of a sale."""
