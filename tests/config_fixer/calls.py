"""
Intercept the system calls that replace a file, to record them or to stop at one.

Only calls that the writer's modules make through `os` are intercepted; `pathlib` uses `os` too.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

NAMES = (
    *("open", "read", "write", "close", "fsync", "rename", "unlink", "fstat", "statvfs"),
    *("fchmod", "fchown", "listxattr", "getxattr", "setxattr", "removexattr", "scandir", "listdir"),
)
# Bytes per write: a full disk or a signal may cut a write as short.
SLICE = 48


@contextmanager
def caught(around: Callable[[str, Callable[[], Any], tuple[Any, ...]], Any]) -> Iterator[None]:
    """
    Route each call through `around(name, call, arguments)`, and cut writes into slices.
    """
    kept = {name: getattr(os, name) for name in NAMES}

    def catching(name: str) -> Callable[..., Any]:
        def caught_call(*arguments: Any, **options: Any) -> Any:
            if name == "write":
                arguments = (arguments[0], bytes(arguments[1])[:SLICE])
            return around(name, lambda: kept[name](*arguments, **options), arguments)

        return caught_call

    for name in NAMES:
        setattr(os, name, catching(name))
    try:
        yield
    finally:
        for name, call in kept.items():
            setattr(os, name, call)
