"""
Reporting: the pytest plugin, the result model, the journal, and one writer per format.
"""
