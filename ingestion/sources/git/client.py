"""Running git: never through a shell, without the machine's configuration, without secrets in arguments or errors."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryFile
from threading import Timer
from typing import IO
from urllib.parse import urlsplit

from ingestion.config import register_secret, scrub, secret
from ingestion.contract import NotAuthorized, SourceError, Unreachable
from ingestion.sources.git.config import GitInstance, Repository

TIMEOUT = 3_600.0
"""Seconds for one git command; a first clone of a large repository takes minutes."""
_CHUNK = 1 << 16
_REMOTE = ("fetch", "ls-remote")
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
_SETTINGS = {"gc.auto": "0", "maintenance.auto": "false", "http.followRedirects": "false"}
_CERTIFICATES = ("GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_SSL_CERT", "GIT_SSL_KEY")
"""Settings of the caller that pass: whom to trust and who one is belongs to the machine and its network."""
_FETCHED = ("+refs/heads/*:refs/heads/*", "+refs/pull/*/head:refs/pull/*/head")


class Git:
    """One bare clone of one repository.

    Args:
        instance: The instance, for its clone folder and user name.
        repository: The repository.
        token: Gives the token for `https://`, empty where there is none; asked before each exchange with the remote.
    """

    def __init__(self, instance: GitInstance, repository: Repository, token: Callable[[], str]) -> None:
        self.name = f"{instance.instance}: repository {repository.id}"
        self.url = _absolute(repository.url)
        _hide_credentials(self.url)
        mark = sha256(self.url.encode()).hexdigest()[:12]
        self.folder = (instance.clones / instance.instance / f"{repository.id}-{mark}.git").absolute()
        self._user, self._token = instance.user, token
        self.environment = _environment(_SETTINGS)

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
            _Running(self, [command, "--patch", *_DIFF, *options, *arguments]) as diff,
            _Running(self, ["patch-id", "--verbatim"], stdin=diff.stdout) as patch_id,
        ):
            diff.stdout.close()
            output = patch_id.stdout.read()
            patch_id.end()
            diff.end()
        pairs = (line.split() for line in output.decode("ascii").splitlines())
        return {sha: identity for identity, sha in pairs}

    def fields(self, *arguments: str) -> Iterator[str]:
        """Output of a command whose records end with NUL, piece by piece; what is not UTF-8 is replaced."""
        with _Running(self, arguments) as process:
            rest = b""
            while part := process.stdout.read(_CHUNK):
                *whole, rest = (rest + part).split(b"\x00")
                for field in whole:
                    yield field.decode("utf-8", errors="replace")
            process.end()
        if rest:
            yield rest.decode("utf-8", errors="replace")

    def text(self, *arguments: str, stdin: str = "") -> str:
        """Output of a command, as text without the last line end; bytes that are not UTF-8 are replaced."""
        return self.run(*arguments, stdin=stdin).decode("utf-8", errors="replace").rstrip("\n")

    def run(self, *arguments: str, stdin: str = "") -> bytes:
        """Output of a command.

        Raises:
            SourceError: It failed; the text has no secrets.
            Unreachable: It did not end in time.
        """
        process = self._process(list(arguments), stdin)
        if process.returncode:
            raise self.error(arguments[0], process.stderr.decode("utf-8", errors="replace"))
        return process.stdout

    def _process(self, arguments: Sequence[str], stdin: str = "") -> subprocess.CompletedProcess[bytes]:
        remote = arguments[0] in _REMOTE
        with self.popen(arguments, subprocess.PIPE, subprocess.PIPE, self._credential() if remote else {}) as process:
            try:
                output, errors = process.communicate(stdin.encode(), timeout=TIMEOUT)
            except subprocess.TimeoutExpired:
                raise self.too_late(arguments[0]) from None
            finally:
                kill(process)
        return subprocess.CompletedProcess(arguments, process.returncode, output, errors)

    def popen(
        self, arguments: Sequence[str], stdin: int | IO[bytes], stderr: int | IO[bytes], settings: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        """A started command, in a process group of its own: git starts others, which have to end with it."""
        return subprocess.Popen(
            ["git", "-C", str(self.folder), *arguments],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=_environment(_SETTINGS | settings) if settings else self.environment,
            start_new_session=True,
        )

    def _credential(self) -> dict[str, str]:
        """The setting that carries the token, for this host and port only; nothing for other transports."""
        if not self.url.startswith("https://") or not (token := self._token()):
            return {}
        encoded = register_secret(base64.b64encode(f"{self._user}:{token}".encode()).decode())
        host = urlsplit(self.url).netloc.rpartition("@")[2]
        return {f"http.https://{host}/.extraHeader": f"Authorization: Basic {encoded}"}

    def too_late(self, command: str) -> Unreachable:
        """What to raise when a command was stopped because it did not end."""
        return Unreachable(
            f"{self.name}: git {command} did not end within {TIMEOUT / 60:.0f} minutes and was stopped.",
            "Check the network, the host and the size of the repository, then collect again.",
        )

    def error(self, command: str, stderr: str) -> SourceError:
        """What to raise for a command that failed; its text has no secrets."""
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


def token_of(instance: GitInstance) -> Callable[[], str]:
    """What gives the token of an instance: its GitHub App, else its secret, else the empty text (public repositories).

    Raises:
        SourceError: An App is configured and its key is missing.
    """
    if instance.app_id:
        from ingestion.sources.github.app import login_of
        from ingestion.sources.github.client import wait

        return login_of(instance, instance, instance.api_url, wait).token
    try:
        token = secret(instance.instance, "token")
    except SourceError:
        token = ""
    return lambda: token


def kill(process: subprocess.Popen[bytes]) -> None:
    """End a command and everything it started, if it still runs."""
    if process.poll() is not None:
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except (AttributeError, ProcessLookupError):  # Windows has no process groups
        process.kill()
    process.wait()


class _Running:
    """A command whose output is read while it runs; stopped when it takes too long or is no longer wanted."""

    def __init__(self, git: Git, arguments: Sequence[str], stdin: int | IO[bytes] = subprocess.DEVNULL) -> None:
        self.git, self.command = git, arguments[0]
        self._errors = TemporaryFile()  # noqa: SIM115 - closed with the command
        self._process = git.popen(arguments, stdin, self._errors, {})
        self._is_late = False
        self._timer = Timer(TIMEOUT, self._stop)
        self._timer.daemon = True

    @property
    def stdout(self) -> IO[bytes]:
        """Its output."""
        assert self._process.stdout is not None
        return self._process.stdout

    def __enter__(self) -> _Running:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        kill(self._process)
        self.stdout.close()
        self._errors.close()

    def _stop(self) -> None:
        self._is_late = True
        kill(self._process)

    def end(self) -> None:
        """Wait until it ends.

        Raises:
            Unreachable: It was stopped because it took too long.
            SourceError: It failed.
        """
        code = self._process.wait()
        if self._is_late:
            raise self.git.too_late(self.command)
        if code:
            self._errors.seek(0)
            raise self.git.error(self.command, self._errors.read().decode("utf-8", errors="replace"))


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without its git settings (but for its certificates) and this project's secrets."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name in _CERTIFICATES or not name.startswith(("GIT_", "SOURCES__"))
    }
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
