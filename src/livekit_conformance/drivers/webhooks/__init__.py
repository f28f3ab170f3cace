"""
Webhooks: our own endpoint, and a sender to the application's endpoint.
"""
