"""Recognition engines behind one port; each external program or library has its own module."""
