"""The system of record: file plan, case files, persons, documents, filings, bytes, and who may see what."""
