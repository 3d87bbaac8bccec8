"""What staff type: the rules as schemas, the mends as sentences, the HTML constraints from the same schemas."""
