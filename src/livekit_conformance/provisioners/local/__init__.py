"""
Real services on this machine: Redis, livekit-server and livekit-sip as child processes.
"""
