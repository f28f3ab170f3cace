"""
`livekit-conformance init`: write a profile from existing settings and list what is missing.
"""
