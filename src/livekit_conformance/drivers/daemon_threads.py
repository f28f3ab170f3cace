"""
Threads for name resolution, which no hanging resolver can keep from ending.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from livekit_conformance.errors import OWN_LIMITS

T = TypeVar("T")


def resolve_in_daemon_threads() -> None:
    """
    Let the running event loop resolve names in threads that are never joined.

    asyncio resolves in a pool whose threads the interpreter joins at exit: one silent name server
    would keep the whole program for half a minute, or for ever.
    """
    asyncio.get_running_loop().set_default_executor(_DaemonThreads())


class _DaemonThreads(ThreadPoolExecutor):
    """
    Run each call in a daemon thread of its own; asyncio accepts only a subclass of this class.
    """

    def submit(self, function: Callable[..., T], /, *args: Any, **options: Any) -> Future[T]:
        """
        Call the function and return its future result.
        """
        future: Future[T] = Future()

        def call() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(function(*args, **options))
            except OSError as error:
                future.set_exception(_without_files() or error)
            except BaseException as error:  # noqa: BLE001 - as the pool of the base class does
                future.set_exception(error)

        threading.Thread(target=call, name="resolver", daemon=True).start()
        return future


def _without_files() -> OSError | None:
    """
    Return the error of a process that may open no file: the resolver would report another one.
    """
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error if error.errno in OWN_LIMITS else None
    return None
