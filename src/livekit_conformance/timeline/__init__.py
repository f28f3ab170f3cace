"""
One ordered story of each call over all witnesses: observations in, timelines out; no I/O.
"""
