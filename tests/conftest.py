"""
What the tests of the suite need, and its own runs do not.
"""

pytest_plugins = ["pytester"]
