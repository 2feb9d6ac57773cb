"""Commits of pull requests, from the heads that the platform keeps at `refs/pull/<number>/head`.

A pull request's commits are those which its head reaches and its base did not have. The base is found in the frame:
the newest first-parent commit of a production branch that the head reaches, which stays the same after the merge.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ingestion.sources.git.client import Git

_PULL = re.compile(r"refs/pull/(\d+)/head")
_NO_COMMIT = "0" * 40

Graph = Mapping[str, Sequence[str]]
"""Commit → its parents."""


def pull_heads(refs: Mapping[str, str]) -> dict[str, str]:
    """Number → head of all pull requests, in order of their numbers."""
    found = {match[1]: sha for name, sha in refs.items() if (match := _PULL.fullmatch(name))}
    return dict(sorted(found.items(), key=lambda item: int(item[0])))


def read_graph(git: Git, heads: Sequence[str]) -> Graph:
    """All commits reachable from some heads, with their parents; about 300 bytes of memory each."""
    if not heads:
        return {}
    lines = git.text("rev-list", "--parents", "--stdin", stdin="\n".join(heads) + "\n").splitlines()
    return {sha: parents for sha, *parents in (line.split() for line in lines)}


class Frame:
    """The first-parent line of one production branch, and when every other commit came into it.

    Args:
        graph: Holds at least everything reachable from `head`.
        head: Head of the branch.
    """

    def __init__(self, graph: Graph, head: str) -> None:
        self.graph = graph
        line = [head]
        while parents := graph[line[-1]]:
            line.append(parents[0])
        line.reverse()
        self.line = line
        self.position = {sha: position for position, sha in enumerate(line)}
        self.entered: dict[str, int] = {}  # commit off the line → position of the merge that brought it in
        for position, sha in enumerate(line):
            for found in self._off_line(graph[sha][1:], self.entered):
                self.entered[found] = position

    def _off_line(self, starts: Sequence[str], stop: Mapping[str, Any]) -> Iterator[str]:
        """Commits off the line that are reachable without crossing it or `stop`."""
        seen: set[str] = set()
        waiting = list(starts)
        while waiting:
            sha = waiting.pop()
            if sha in seen or sha in self.position or sha in stop:
                continue
            seen.add(sha)
            waiting += self.graph[sha]
        yield from seen

    def base(self, sha: str) -> int:
        """Position of the newest commit of the line which a commit reaches; -1 when there is none."""
        if sha in self.position:
            return self.position[sha]
        reached = [self.position[p] for s in self._off_line([sha], {}) for p in self.graph[s] if p in self.position]
        return max(reached, default=-1)

    def own(self, head: str) -> list[str]:
        """The commits which a head has and its base had not, sorted by hash."""
        base = self.base(head)
        off_line = self._off_line([head], {})
        return sorted(sha for sha in off_line if self.entered.get(sha, len(self.line)) > base)


def pull_commits(
    git: Git, refs: Mapping[str, str], branches: Sequence[str], previous: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """The commits of the pull requests whose head changed since the previous collection.

    Args:
        git: The fetched clone.
        refs: All refs of the clone.
        branches: Production branches; of several, a pull request belongs to the one that it differs least from.
        previous: Number → head, as collected before.

    Yields:
        number, sha, parents, tree, is_head, merge_base, cumulative_patch_id (of the difference from merge base to
        commit, for pull requests that contain a merge; else None). A head that was replaced comes with `is_head` false.
    """
    pulls = pull_heads(refs)
    changed = {number: sha for number, sha in pulls.items() if previous.get(number) != sha}
    tips = [refs[name] for branch in branches if (name := f"refs/heads/{branch}") in refs]
    replaced = {number: previous[number] for number in changed if number in previous and git.has(previous[number])}
    graph = read_graph(git, [*tips, *changed.values(), *replaced.values()]) if changed else {}
    frames = [Frame(graph, tip) for tip in tips] if changed else []
    rows: list[dict[str, Any]] = []
    for number, head in changed.items():
        rows += _rows(number, head, replaced.get(number), graph, frames)
    trees = _trees(git, [row["sha"] for row in rows])
    for row in rows:
        merge_base, wanted = row["merge_base"], row.pop("has_merge")
        identity = git.patch_ids(merge_base, row["sha"], command="diff-tree") if wanted and merge_base else {}
        yield row | {"tree": trees[row["sha"]], "cumulative_patch_id": identity.get(_NO_COMMIT)}


def _rows(
    number: str, head: str, replaced: str | None, graph: Graph, frames: Sequence[Frame]
) -> Iterator[dict[str, Any]]:
    frame, own = _nearest(head, frames)
    shas = own if head in own else sorted({*own, head})
    has_merge = any(len(graph[sha]) > 1 for sha in own)
    if replaced is not None and replaced not in shas:
        shas = [*shas, replaced]
    for sha in shas:
        base = frame.base(sha) if frame else -1
        yield {
            "number": int(number),
            "sha": sha,
            "parents": list(graph[sha]),
            "is_head": sha == head,
            "merge_base": frame.line[base] if frame and base >= 0 else None,
            "has_merge": has_merge,
        }


def _nearest(head: str, frames: Sequence[Frame]) -> tuple[Frame | None, list[str]]:
    """The branch from which a head differs least, and the head's own commits relative to it."""
    candidates = [(frame, frame.own(head)) for frame in frames]
    return min(candidates, key=lambda candidate: len(candidate[1]), default=(None, [head]))


def _trees(git: Git, shas: Sequence[str]) -> dict[str, str]:
    if not shas:
        return {}
    output = git.text("log", "--no-walk=unsorted", "--stdin", "--format=%H %T", stdin="\n".join(shas) + "\n")
    return dict(line.split(" ", 1) for line in output.splitlines())
