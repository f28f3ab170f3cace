"""
From log files of livekit-server and livekit-sip to causes and fixes, without a network.
"""
