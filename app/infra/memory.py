"""Answers remembered for a short time, so that not every request is a query; bounded, with time as an argument."""

from collections import OrderedDict
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """Fresh for `ttl` seconds; for `stale` seconds still good enough while the database is away."""

    def __init__(self, *, ttl: float, stale: float, size: int = 10_000) -> None:
        self._ttl = ttl
        self._stale = stale
        self._size = size
        self._kept: OrderedDict[Key, tuple[float, Value]] = OrderedDict()

    def fresh(self, key: Key, now: float) -> Value | None:
        return self._younger_than(self._ttl, key, now)

    def stale(self, key: Key, now: float) -> Value | None:
        return self._younger_than(self._stale, key, now)

    def put(self, key: Key, value: Value, now: float) -> None:
        self._kept[key] = (now, value)
        self._kept.move_to_end(key)
        if len(self._kept) > self._size:
            self._kept.popitem(last=False)

    def forget(self, key: Key) -> None:
        self._kept.pop(key, None)

    def _younger_than(self, age: float, key: Key, now: float) -> Value | None:
        kept = self._kept.get(key)
        return kept[1] if kept is not None and now - kept[0] < age else None
