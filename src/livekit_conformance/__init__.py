"""
Conformance and diagnosis suite for LiveKit and its SIP service.
"""

__version__ = "0.2.0"
