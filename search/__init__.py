"""Full text over the archive. Holds nothing that cannot be rebuilt from `archive`."""
