"""Everything that starts a process: command line, workers, bootstrap, doctor, demo."""
