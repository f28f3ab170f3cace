"""
Typed profiles of environments, their loader, and the provenance of every value.
"""
