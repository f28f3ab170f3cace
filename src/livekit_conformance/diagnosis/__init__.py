"""
Diagnosis of a run: from what was seen to ranked causes.
"""
