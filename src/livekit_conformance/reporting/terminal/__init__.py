"""
Lines that a terminal shows of a run.
"""
