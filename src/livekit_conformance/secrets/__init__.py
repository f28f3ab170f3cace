"""
Find secrets in text and in files, and take them out.
"""
