"""
Protocol code without I/O: bytes, values and `now` go in; events and bytes come out.

Standard library only; nothing here reads a clock.
"""
