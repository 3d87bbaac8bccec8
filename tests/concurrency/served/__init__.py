"""Races over real HTTP, on services that these files share: starting one costs more than most races."""
