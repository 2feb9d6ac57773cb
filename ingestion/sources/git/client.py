"""Running git: never through a shell, without the machine's configuration, without secrets in arguments or errors."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from ingestion.config import register_secret, scrub, secret
from ingestion.contract import NotAuthorized, SourceError, Unreachable
from ingestion.sources.git.config import GitInstance, Repository

_TIMEOUT = 3_600.0  # seconds for one git command; a first clone of a large repository takes minutes
_ROUNDS = 3
_REFUSED = ("authentication failed", "could not read username", "permission denied", "error: 401", "error: 403")
_DIFF = (
    "--full-index",
    "--no-renames",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--diff-algorithm=myers",
    "--unified=3",
    "--src-prefix=a/",
    "--dst-prefix=b/",
)
_FETCHED = ("+refs/heads/*:refs/heads/*", "+refs/pull/*/head:refs/pull/*/head")


class Git:
    """One bare clone of one repository.

    Args:
        instance: The instance, for its credential and clone folder.
        repository: The repository.
    """

    def __init__(self, instance: GitInstance, repository: Repository) -> None:
        self.name = f"{instance.instance}: repository {repository.id}"
        self.url = _absolute(repository.url)
        _hide_credentials(self.url)
        mark = sha256(self.url.encode()).hexdigest()[:12]
        self.folder = (instance.clones / instance.instance / f"{repository.id}-{mark}.git").absolute()
        self.environment = _environment(instance, self.url)

    def fetch(self) -> None:
        """Bring the clone to the state of the remote: all branches and pull request heads, forced and pruned.

        Objects are never removed, so that what a forced push took away can still be named.

        Raises:
            Unreachable: The remote does not answer, does not exist, or holds only a part of its history.
            NotAuthorized: The remote refused the credential.
        """
        self._prepare()
        for _ in range(_ROUNDS):  # again when someone pushed in between
            offered = self.remote_branches()
            self.run("fetch", "--quiet", "--prune", "--no-tags", "--no-write-fetch-head", "--", self.url, *_FETCHED)
            received = self.refs()
            if all(received.get(f"refs/heads/{branch}") == sha for branch, sha in offered.items()):
                return
        raise Unreachable(  # git leaves refs of cut histories out without an error
            f"{self.name}: the remote does not hand over all its branches; it may be a shallow clone.",
            "Fetch from the full repository.",
        )

    def remote_branches(self) -> dict[str, str]:
        """Name → head of the branches of the remote, without fetching.

        Raises:
            Unreachable: The remote does not answer or does not exist.
            NotAuthorized: The remote refused the credential.
        """
        self._prepare()
        lines = self.text("ls-remote", "--heads", "--", self.url).split("\n")
        pairs = (line.split("\t", 1) for line in lines if line)
        return {name.removeprefix("refs/heads/"): sha for sha, name in pairs}

    def _prepare(self) -> None:
        if not (self.folder / "HEAD").exists():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.run("init", "--quiet", "--bare", "--initial-branch=itgc-none")

    def fetch_commit(self, sha: str) -> bool:
        """Try to get one commit by its hash (hosts keep commits that no branch holds any more); whether it is here."""
        if self.has(sha):
            return True
        try:
            self.run("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--", self.url, sha)
        except SourceError:
            return False
        return self.has(sha)

    def has(self, sha: str) -> bool:
        """Whether the clone holds the commit."""
        return self._process(["cat-file", "-e", f"{sha}^{{commit}}"]).returncode == 0

    def refs(self) -> dict[str, str]:
        """Full name → commit of all branches and pull request heads."""
        lines = self.text("for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/pull").split("\n")
        return {name: sha for sha, name in (line.split(" ", 1) for line in lines if line)}

    def is_ancestor(self, older: str, newer: str) -> bool:
        """Whether `older` is reachable from `newer`."""
        return self._process(["merge-base", "--is-ancestor", older, newer]).returncode == 0

    def patch_ids(self, *arguments: str, command: str = "log") -> dict[str, str]:
        """Commit → patch id of its difference to its first parent; commits without a difference are absent.

        White space counts: in some languages it is what the program does.

        Args:
            arguments: Revisions for `git log`, or two commits for `git diff-tree`.
            command: `log` or `diff-tree` (one difference, under a key of zeros).
        """
        options = ["--format=commit %H", "--diff-merges=first-parent"] if command == "log" else []
        with (
            self._popen([command, "--patch", *_DIFF, *options, *arguments], subprocess.DEVNULL) as diff,
            self._popen(["patch-id", "--verbatim"], diff.stdout) as patch_id,
        ):
            if diff.stdout is not None:
                diff.stdout.close()
            output, _ = patch_id.communicate(timeout=_TIMEOUT)
        if diff.returncode or patch_id.returncode:
            raise SourceError(f"{self.name}: git {command} failed while patch ids were computed.")
        pairs = (line.split() for line in output.decode("ascii").splitlines())
        return {sha: identity for identity, sha in pairs}

    def text(self, *arguments: str, stdin: str = "") -> str:
        """Output of a command, as text without the last line end; bytes that are not UTF-8 are replaced."""
        return self.run(*arguments, stdin=stdin).decode("utf-8", errors="replace").rstrip("\n")

    def run(self, *arguments: str, stdin: str = "") -> bytes:
        """Output of a command.

        Raises:
            SourceError: It failed; the text has no secrets.
        """
        try:
            process = self._process(list(arguments), stdin)
        except subprocess.TimeoutExpired:
            raise Unreachable(f"{self.name}: git {arguments[0]} did not end within an hour.") from None
        if process.returncode:
            raise self._error(arguments[0], process.stderr.decode("utf-8", errors="replace"))
        return process.stdout

    def _process(self, arguments: list[str], stdin: str = "") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            ["git", "-C", str(self.folder), *arguments],
            input=stdin.encode(),
            capture_output=True,
            env=self.environment,
            timeout=_TIMEOUT,
            check=False,
        )

    def _popen(self, arguments: Sequence[str], stdin: int | IO[bytes] | None) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            ["git", "-C", str(self.folder), *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=self.environment,
        )

    def _error(self, command: str, stderr: str) -> SourceError:
        reasons = [line for line in stderr.splitlines() if line.startswith(("fatal:", "error:", " ! "))]
        text = scrub(f"{self.name}: git {command} failed: {'; '.join(reasons)[:400] or 'no reason given'}.")
        if command not in ("fetch", "ls-remote"):
            return SourceError(text)
        if any(mark in stderr.lower() for mark in _REFUSED):
            return NotAuthorized(text, "Check the secret 'token' of the instance, or the ssh key.")
        return Unreachable(text, "Check the repository's url and the network.")


def _absolute(url: str) -> str:
    """A local path made absolute; anything else as it is."""
    path = Path(url)
    return str(path.absolute()) if "://" not in url and path.exists() else url


def _hide_credentials(url: str) -> None:
    """Make what stands before the `@` of a url known to `scrub`, even where it is not encoded as it should be."""
    scheme, found, rest = url.partition("://")
    user, at, _ = rest.rpartition("@")
    if found and at and (":" in user or scheme.startswith("http")):  # a user name alone is no secret of ssh
        register_secret(user.partition(":")[2] or user)


def _environment(instance: GitInstance, url: str) -> dict[str, str]:
    """The caller's environment without its git settings and without this project's secrets."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "SOURCES__"))}
    settings = {"gc.auto": "0", "maintenance.auto": "false", "http.followRedirects": "false"}
    if url.startswith("https://"):
        try:
            pair = f"{instance.user}:{secret(instance.instance, 'token')}"
        except SourceError:
            pair = ""  # a public repository
        if pair:
            encoded = register_secret(base64.b64encode(pair.encode()).decode())
            settings[f"http.https://{urlsplit(url).hostname}/.extraHeader"] = f"Authorization: Basic {encoded}"
    for n, (name, value) in enumerate(settings.items()):
        environment |= {f"GIT_CONFIG_KEY_{n}": name, f"GIT_CONFIG_VALUE_{n}": value}
    return environment | {
        "GIT_CONFIG_COUNT": str(len(settings)),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_ALLOW_PROTOCOL": "file:https:http:ssh",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_SSH_COMMAND": "ssh -o BatchMode=yes",
        "LC_ALL": "C",
    }
