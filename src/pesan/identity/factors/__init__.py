"""Second factors: what a person has beside what they know."""
