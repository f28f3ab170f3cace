"""
Comparison of runs: two of them (`compare`), or many in a row (`trend`).
"""
