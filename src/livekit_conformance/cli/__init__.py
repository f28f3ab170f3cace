"""
The command `livekit-conformance`: one module for each sub-command.
"""
