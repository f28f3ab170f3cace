"""
Find and mask secrets in text and in files.
"""
