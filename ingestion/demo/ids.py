"""Identifiers as the vendors make them, one random stream per kind, so that a new kind never shifts the others."""

from __future__ import annotations

from random import Random

_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Ids:
    """Deterministic generators of identifiers.

    Args:
        seed: Seed of the company.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._streams: dict[str, Random] = {}
        self._last: dict[str, int] = {}

    def stream(self, name: str) -> Random:
        """The random stream of that name."""
        if name not in self._streams:
            self._streams[name] = Random(f"{self._seed}/{name}")
        return self._streams[name]

    def okta(self, prefix: str) -> str:
        """Twenty characters that begin with the kind's prefix, e.g. `00u`."""
        return prefix + "".join(self.stream(prefix).choices(_BASE62, k=15)) + "x7"

    def number(self, kind: str, start: int, step: int = 1) -> int:
        """Ascending number of a kind; with a step above 1 the distances vary."""
        last = self._last.get(kind, start)
        self._last[kind] = last + (1 if step == 1 else self.stream(f"#{kind}").randint(1, step))
        return self._last[kind]

    def uuid(self, kind: str) -> str:
        """A UUID of version 4."""
        digits = f"{self.stream(f'uuid/{kind}').getrandbits(128):032x}"
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    def hexadecimal(self, kind: str, length: int) -> str:
        """Hexadecimal digits."""
        return f"{self.stream(f'hex/{kind}').getrandbits(4 * length):0{length}x}"
