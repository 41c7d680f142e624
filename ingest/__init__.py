"""From a received file to a filed, delivered document: ledger, splitting, reading, rendition, tagging, routing."""
