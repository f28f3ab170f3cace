"""
Bring up what a profile names and take it down again.
"""
