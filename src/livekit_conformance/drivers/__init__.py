"""
Drivers for the target: API, SIP, media, webhooks, logs, bus. Guarded, recorded, with deadlines.
"""
