"""
SIP and RTP over sockets: caller, callee, and what both are made of.
"""
