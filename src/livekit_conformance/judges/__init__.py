"""
Judges: pure functions from what was seen of one link to findings, and the codes of these findings.
"""
