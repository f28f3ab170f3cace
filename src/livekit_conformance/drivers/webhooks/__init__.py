"""
Webhooks: an endpoint of our own, and a sender to somebody else's.
"""
