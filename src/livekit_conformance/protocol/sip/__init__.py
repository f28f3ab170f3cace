"""
SIP without I/O: messages, digest, SDP, transactions and dialogs of RFC 3261 as values and tables.

Bytes, values and `now` go in; messages, events and deadlines come out. The caller owns the sockets
and the clock, so the same code serves the SIP agent, the mock and tests that run instantly.
"""
