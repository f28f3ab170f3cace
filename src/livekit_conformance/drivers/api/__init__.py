"""
Server API of LiveKit: requests that are permitted, counted and recorded.
"""
