"""
Event loop that a slow resolver cannot block at exit.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import Any


class Loop(asyncio.SelectorEventLoop):
    """
    Resolve names in threads that are never joined.

    The loop of asyncio resolves in a pool whose threads the interpreter joins at exit: one silent
    name server would keep the whole program for half a minute after it has given up.
    """

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        """
        Resolve like socket.getaddrinfo.
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
            # The loop may be closed by now; then nobody needs the result.
            with suppress(RuntimeError):
                self.call_soon_threadsafe(settle, result, failure)

        threading.Thread(target=look_up, name=f"resolve {host}", daemon=True).start()
        return await answer
