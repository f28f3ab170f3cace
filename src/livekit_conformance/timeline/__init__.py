"""
Timelines of calls: one ordered story per call, built from the observations of all witnesses.

Nothing in this package does I/O.
"""
