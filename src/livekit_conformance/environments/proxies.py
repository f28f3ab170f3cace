"""
Variables that send the connections of many programs through a proxy.

The suite connects directly: a check has to know who answered, and a proxy would answer for a server
that is gone. So no client of ours reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_NAMES: Final = frozenset({"http_proxy", "https_proxy", "all_proxy", "no_proxy"})


def proxies_in(environ: Mapping[str, str]) -> list[str]:
    """
    Return the names of the variables that name a proxy or its exceptions, sorted.
    """
    return sorted(name for name, value in environ.items() if name.lower() in _NAMES and value)


def without_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """
    Return the environment for a program that would use a proxy.
    """
    return {name: value for name, value in environ.items() if name.lower() not in _NAMES}
