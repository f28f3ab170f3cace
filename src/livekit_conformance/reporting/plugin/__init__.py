"""
The plugin of pytest: its hooks, options and files.
"""
