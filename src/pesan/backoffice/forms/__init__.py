"""What staff type: the rules as schemas, the mends as sentences."""
