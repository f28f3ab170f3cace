"""
Texts of reports around the results, in each language.
"""
