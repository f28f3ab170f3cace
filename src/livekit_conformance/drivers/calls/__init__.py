"""
Whole calls: placed or received, with every witness heard.
"""
