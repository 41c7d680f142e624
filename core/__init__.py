"""Foundation without business rules: settings, database, jobs, outbox, audit, actors, errors, texts, clock, ids."""
