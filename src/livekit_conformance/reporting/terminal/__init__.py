"""
What a terminal shows of a run, as lines.
"""
