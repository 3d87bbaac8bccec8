"""The guest's desk: from the list of events to the ticket, as pages that work without scripts."""
