"""
SIP and RTP over sockets: caller, callee and their common parts.
"""
