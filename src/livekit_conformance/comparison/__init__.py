"""
Runs held against each other: two of them (`compare`), or many in a row (`trend`).
"""
