"""The command line: what an operator does with an instance."""
