"""What the staff's pages show: facts that were already loaded, never a row, a session or a query."""
