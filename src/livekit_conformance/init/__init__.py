"""
`livekit-conformance init`: a profile from what there is, and what is still missing.
"""
