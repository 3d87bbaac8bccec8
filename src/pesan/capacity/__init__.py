"""Pools and claims: the invariant that nothing is oversold lives here and nowhere else."""
