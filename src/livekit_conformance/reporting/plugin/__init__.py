"""
Plugin of pytest: its hooks, options and files.
"""
