"""
Addresses and networks, as the services read them.
"""

from __future__ import annotations

from ipaddress import ip_address, ip_network


def is_address(text: str) -> bool:
    """
    Whether a text is an IP address, of either family.
    """
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_network(text: str) -> bool:
    """
    Whether a text is an IP address and the length of a prefix, as `192.0.2.0/24`.
    """
    address, slash, length = text.partition("/")
    try:
        ip_network(text, strict=False)
    except ValueError:
        return False
    return bool(address and slash) and length.isdecimal()
