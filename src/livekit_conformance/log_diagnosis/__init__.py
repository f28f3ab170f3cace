"""
Diagnosis of log files of livekit-server and livekit-sip: causes and fixes, without a network.
"""
