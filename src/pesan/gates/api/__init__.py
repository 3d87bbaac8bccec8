"""The gates' face: what devices ask and are told."""
