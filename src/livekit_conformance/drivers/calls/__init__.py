"""
Whole calls, placed or received, with the observations of each side.
"""
