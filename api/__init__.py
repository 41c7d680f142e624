"""JSON for machines: thin routes over the services of the rooms below."""
