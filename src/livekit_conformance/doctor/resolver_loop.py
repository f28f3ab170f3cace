"""
An event loop that a slow resolver cannot hold back.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any


class Loop(asyncio.SelectorEventLoop):
    """
    Looks names up in threads that nobody waits for.

    The loop of asyncio does it in a pool whose threads the interpreter waits for at its end: one
    name server that is silent would keep the whole program for half a minute after it has given up.
    """

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """
        As socket.getaddrinfo.
        """
        answer: asyncio.Future[Any] = self.create_future()

        def settle(result: Any, error: BaseException | None) -> None:
            if answer.done():
                return
            if error is None:
                answer.set_result(result)
            else:
                answer.set_exception(error)

        def look_up() -> None:
            result, failure = None, None
            try:
                result = socket.getaddrinfo(host, port, **options)
            except (OSError, UnicodeError) as error:
                failure = error
            # The loop may be closed by now; then nobody wants to know.
            with suppress(RuntimeError):
                self.call_soon_threadsafe(settle, result, failure)

        threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
        return await answer
