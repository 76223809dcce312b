"""One task tells others that something changed."""

import asyncio


class Signal:
    """Wakes every waiter each time it is raised. What changed is read where it is kept."""

    def __init__(self) -> None:
        self._count = 0
        self._waiters: set[asyncio.Future[None]] = set()

    @property
    def count(self) -> int:
        """How often it was raised; a waiter that remembers it misses nothing."""
        return self._count

    def raise_(self) -> None:
        """Wakes them."""
        self._count += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def after(self, seen: int, seconds: float | None = None) -> bool:
        """Returns True once raised since ``seen``, or False after ``seconds``."""
        if self._count > seen:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await asyncio.wait_for(waiter, seconds)
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return True
