"""
What reports say around the results, in each language.
"""
