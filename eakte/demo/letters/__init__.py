"""Believable German mail to and from a Jobcenter, after the layouts and traps of the domain pack. All invented."""
