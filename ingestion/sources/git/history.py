"""What happened on a production branch, read from a bare clone: first-parent commits, and where the head moved."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from ingestion.contract import SourceError, instant
from ingestion.sources.git.client import Git

_FORMAT = "%H%x00%T%x00%P%x00%an%x00%ae%x00%at%x00%cn%x00%ce%x00%ct%x00%s%x00%B"
_FIELDS = _FORMAT.count("%x00") + 1
_CO_AUTHOR = re.compile(
    r"^co-authored-by:[ \t]*([^<\r\n]*?)[ \t]*<([^>\r\n]*)>[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True)
class Head:
    """Where a branch points, compared with the collection before.

    Attributes:
        head: The commit; None when the branch does not exist (deleted, or the repository is empty).
        previous_head: The last head that was collected; None at the first collection.
        is_descendant: Whether nothing was taken away; None at the first collection.
        lost_commits: Commits of the previous head which the branch (or, when it was deleted, any branch) no longer
            reaches; None when that cannot be told because the repository no longer holds the previous head.
    """

    head: str | None
    previous_head: str | None
    is_descendant: bool | None
    lost_commits: list[str] | None


def compare_head(git: Git, branch: str, refs: dict[str, str], previous: str | None) -> Head:
    """Look where a branch points now.

    Args:
        git: The fetched clone.
        branch: Name of the branch.
        refs: All refs of the clone.
        previous: Its last collected head.

    Raises:
        SourceError: The branch is not there, was never collected, and the repository has others.
    """
    head = refs.get(f"refs/heads/{branch}")
    branches = sorted(name.removeprefix("refs/heads/") for name in refs if name.startswith("refs/heads/"))
    if previous is None:
        if head is None and branches:
            raise SourceError(
                f"{git.name} has no branch {branch!r}.",
                f"Its branches: {', '.join(branches)[:300]}. Correct `branches`.",
            )
        return Head(head, None, None, [])
    if not git.fetch_commit(previous):
        return Head(head, previous, False, None)
    if head is not None and git.is_ancestor(previous, head):
        return Head(head, previous, True, [])
    kept = [head] if head is not None else [refs[f"refs/heads/{name}"] for name in branches]
    lost = git.text("rev-list", "--stdin", stdin="\n".join([previous, *(f"^{sha}" for sha in kept)]) + "\n")
    return Head(head, previous, False, lost.split())


def first_parent_commits(git: Git, head: Head, since: datetime | None = None) -> Iterator[dict[str, Any]]:
    """The commits which the branch gained since the previous head, newest first; all of them the first time.

    Args:
        git: The fetched clone.
        head: Where the branch points.
        since: The first time, older history comes without patch ids: it is no change of the engagement, and the
            differences of a long history take hours.

    Yields:
        sha, tree, parents, position (number of first-parent ancestors), author, committer, times in UTC (None where
        the commit's own is out of range), subject, co_authors, patch_id (difference to the first parent; None where
        there is none, and in older history).
    """
    if head.head is None:
        return
    known = head.previous_head is not None and head.lost_commits is not None
    span = [head.head, f"^{head.previous_head}"] if known else [head.head]
    position = int(git.text("rev-list", "--first-parent", "--count", head.head))
    recent = span if known or since is None else _recent(git, head.head, since)
    patch_ids = git.patch_ids("--first-parent", *recent) if recent else {}
    output = git.fields("log", "-z", "--first-parent", "--encoding=UTF-8", f"--format={_FORMAT}", *span)
    while record := tuple(islice(output, _FIELDS)):
        sha, tree, parents, an, ae, at, cn, ce, ct, subject, message = record
        position -= 1
        yield {
            "sha": sha,
            "tree": tree,
            "parents": parents.split(),
            "position": position,
            "author_name": an,
            "author_email": ae,
            "authored_at": _instant(at),
            "committer_name": cn,
            "committer_email": ce,
            "committed_at": _instant(ct),
            "subject": subject,
            "co_authors": [{"name": name, "email": email} for name, email in _CO_AUTHOR.findall(message)],
            "patch_id": patch_ids.get(sha),
        }


def _recent(git: Git, head: str, since: datetime) -> list[str]:
    """The span from the oldest first-parent commit dated `since` or later to the head; nothing where there is none."""
    oldest, parent = "", ""
    for line in git.fields("log", "-z", "--first-parent", "--format=%H %ct %P", head):
        sha, at, parents = line.split(" ", 2)
        if not at.isdecimal() or int(at) >= since.timestamp():  # a time that is none might be any
            oldest, parent = sha, parents.partition(" ")[0]
    if not oldest:
        return []
    return [head, f"^{parent}"] if parent else [head]


def _instant(epoch: str) -> str | None:
    """An epoch of git as an instant; None when it is no time that this world knows."""
    try:
        return instant(datetime.fromtimestamp(int(epoch), UTC))
    except (ValueError, OverflowError, OSError):
        return None
