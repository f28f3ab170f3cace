"""
Traffic of strangers on a deployment that is in use: one table of kinds, each at its rate.
"""
