"""Merchants: their brand, zone and settings; every other row belongs to one."""
