"""The kinds of jobs on the way in."""

SPLIT = "split"
READ = "read"
ASSEMBLE = "assemble"
