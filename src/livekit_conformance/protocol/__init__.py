"""
Bytes, values and `now` in; events and bytes out. Standard library only, no I/O, no clock.
"""
