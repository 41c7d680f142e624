"""Draws letters as paper: DIN 5008 layout, painting, scanner faults, simulated reading, born-digital PDF."""
