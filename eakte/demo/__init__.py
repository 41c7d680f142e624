"""The demo authority: a fictional Jobcenter with cases and a day's mail. Nothing outside this folder knows it."""
