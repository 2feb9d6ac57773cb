"""The GraphQL queries, one operation per file; the fragments stand in `fragments.graphql`."""

from __future__ import annotations

import functools
import re
from importlib.resources import files

_FRAGMENT = re.compile(r"^fragment (\w+) on .*?^}\n", re.MULTILINE | re.DOTALL)
_SPREAD = re.compile(r"\.\.\.\s*([A-Z]\w*)")


def names() -> list[str]:
    """Names of all operations."""
    return sorted(
        entry.name.removesuffix(".graphql")
        for entry in files(__name__).iterdir()
        if entry.name.endswith(".graphql") and entry.name != "fragments.graphql"
    )


def _text(name: str) -> str:
    return files(__name__).joinpath(f"{name}.graphql").read_text(encoding="utf-8")


@functools.cache
def document(name: str) -> str:
    """The operation with exactly the fragments it uses: GitHub refuses unused ones.

    Args:
        name: Name of the operation, which is the name of its file.
    """
    fragments = {match[1]: match[0] for match in _FRAGMENT.finditer(_text("fragments"))}
    text = _text(name)
    used: list[str] = []
    pending = [text]
    while pending:
        for spread in _SPREAD.findall(pending.pop()):
            if spread not in used:
                used.append(spread)
                pending.append(fragments[spread])
    return "\n".join([text, *(fragments[name] for name in sorted(used))])
