"""Landing pages in the vault with dlt: many extracts, one load, and the facts of every file that came out.

dlt runs stateless here: windows come from the ledger, and its working directory is emptied before and after each run,
so that whatever a killed run left in it can never be loaded.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingestion.config import scrub
from ingestion.contract import Collection, NotPermitted, Resource, SourceError, TableCount, instant, raw_schema
from ingestion.vault import Vault

if TYPE_CHECKING:
    from dlt.extract.source import DltSource

LAYOUT = "{table_name}/collection={collection}/{load_id}.{file_id}.{ext}"
_SETTINGS = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__LOG_LEVEL": "ERROR",
    "RESTORE_FROM_DESTINATION": "false",
    "LOAD__RUN_SLEEP": "0",  # dlt's pause after each package, which is meant for a daemon that waits for more
    "NORMALIZE__RUN_SLEEP": "0",
}


@dataclass
class Attempt:
    """One collection on its way into the vault.

    Attributes:
        resource: What is collected.
        collection: Its identity and counts.
        error: Why it failed, without secrets; None while it goes well.
        denied: Whether the source refused for lack of permission.
        load_id: dlt's name of the package that carries it; None when it had no rows.
        files: Table → the files in the vault, as the ledger records them.
    """

    resource: Resource
    collection: Collection
    error: str | None = None
    denied: bool = False
    load_id: str | None = None
    files: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def fail(self, error: BaseException) -> None:
        """Note why the collection failed; the first reason stands."""
        self.error = self.error or describe(error)
        self.denied = self.denied or isinstance(error, NotPermitted)


def describe(error: BaseException) -> str:
    """An error as the ledger may state it: at most 1,000 characters, without secrets."""
    text = str(error) if isinstance(error, SourceError) else f"{type(error).__name__}: {error}"
    return scrub(text)[:1_000]


@contextmanager
def exclusive(work_dir: Path) -> Iterator[None]:
    """Hold a lock on the working directory, which the operating system releases when the process dies.

    Raises:
        SourceError: Another process collects with this directory.
    """
    work_dir.mkdir(parents=True, exist_ok=True)
    with (work_dir / ".lock").open("w") as lock:
        try:
            import fcntl
        except ImportError:  # Windows: the ledger's create-only entries still refuse a second writer
            yield
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SourceError(
                "Another collection is running in this project.", "Let it finish, then collect again."
            ) from None
        yield


class Landing:
    """One dlt pipeline of one source instance: extracts pages into packages, loads them together.

    Args:
        vault: Where the files go, below `raw_<source>/`.
        source: Name of the source.
        instance: Name of the instance; one pipeline each.
        work_dir: dlt's working directory.
    """

    def __init__(self, vault: Vault, source: str, instance: str, work_dir: Path) -> None:
        os.environ.update(_SETTINGS)
        import dlt
        from dlt.destinations import filesystem

        self.vault = vault
        self.dataset = f"raw_{source}"
        self._collections: dict[tuple[str, str], str] = {}  # (load id, table) → collection id
        self._attempts: list[Attempt] = []
        self._broken: BaseException | None = None
        name = f"itgc_{instance.replace('-', '_')}"
        self._folder = work_dir / name
        self.clean()
        self._pipeline = dlt.pipeline(
            name,
            pipelines_dir=str(work_dir.absolute()),
            dataset_name=self.dataset,
            destination=filesystem(
                bucket_url=vault.url,
                layout=LAYOUT,
                extra_placeholders={"collection": self._collection_of},
            ),
        )

    def clean(self) -> None:
        """Drop the working directory: pending packages of a killed run, copies of what was loaded."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _collection_of(self, _schema: str, table: str, load_id: str, _file_id: str, _extension: str) -> str:
        return self._collections[load_id, table]

    def extract(self, make_source: Callable[[dict[str, Collection]], DltSource], attempts: Sequence[Attempt]) -> None:
        """Run the resources of some collections into one package; a failing resource fails its attempt only.

        Args:
            make_source: Makes the dlt source for `{resource name: collection}`.
            attempts: Collections whose tables are disjoint.
        """
        self._attempts += attempts
        by_name = {attempt.resource.name: attempt for attempt in attempts}
        if self._broken is not None:
            _fail_all(attempts, self._broken)
            return
        try:
            source = make_source({name: attempt.collection for name, attempt in by_name.items()})
            for name, resource in source.resources.items():
                pipe = resource._pipe
                pipe.ensure_gen_bound()
                pipe.evaluate_gen()
                pages: Any = pipe.gen
                pipe.replace_gen(_guarded(iter(pages), by_name[name]))
            if missing := by_name.keys() - source.resources.keys():
                raise SourceError(f"the connector has no resource {', '.join(sorted(missing))}")
        except Exception as error:  # noqa: BLE001 - any failure of a connector must end in the ledger
            _fail_all(attempts, error)
            return
        try:
            info = self._pipeline.extract(source, loader_file_format="parquet")
        except Exception as error:  # noqa: BLE001 - a torn package blocks the load of those before it
            self._broken = _cause(error)
            _fail_all(self._attempts, self._broken)
            return
        for load_id in info.loads_ids:
            for attempt in attempts:
                attempt.load_id = load_id
                for table in attempt.resource.tables:
                    self._collections[load_id, table] = attempt.collection.id

    def load(self) -> None:
        """Write all packages to the vault and read back the facts of every file; a failure fails all attempts."""
        if self._broken is not None or not any(attempt.load_id for attempt in self._attempts):
            return
        try:
            self._pipeline.normalize()
            packages = self._pipeline.load().load_packages
            if any(package.jobs["failed_jobs"] for package in packages):
                raise SourceError("the vault refused files", "Check the vault's permissions and space.")
        except Exception as error:  # noqa: BLE001 - any failure of a load must end in the ledger
            _fail_all(self._attempts, _cause(error))
            return
        names: dict[tuple[str, str], list[str]] = {}
        for package in packages:
            for job in package.jobs["completed_jobs"]:
                facts = job.job_file_info
                key = (package.load_id, facts.table_name)
                names.setdefault(key, []).append(f"{package.load_id}.{facts.file_id}.{facts.file_format}")
        for attempt in self._attempts:
            if attempt.error is None and attempt.load_id is not None:
                self._record_files(attempt, attempt.load_id, names)

    def _record_files(self, attempt: Attempt, load_id: str, names: dict[tuple[str, str], list[str]]) -> None:
        for table in attempt.resource.tables:
            folder = f"{self.dataset}/{table}/collection={attempt.collection.id}"
            found = sorted(names.get((load_id, table), []))
            attempt.files[table] = [_file(self.vault, f"{folder}/{name}") for name in found]
            written = sum(file["rows"] for file in attempt.files[table])
            count = attempt.collection.counts.get(table)
            if written != (expected := count.rows if count else 0):
                attempt.fail(SourceError(f"{table}: {expected} rows were collected, the vault holds {written}"))


def end_facts(attempt: Attempt) -> dict[str, Any]:
    """What the `committed` or `failed` entry of an attempt says besides its identity."""
    collection = attempt.collection
    permission = {"result": collection.permission.result, "detail": scrub(collection.permission.detail)}
    if attempt.denied and permission["result"] != "denied":
        permission = {"result": "denied", "detail": attempt.error or ""}
    tables = {}
    for table in attempt.resource.tables:
        count = collection.counts.get(table, TableCount())
        files = attempt.files.get(table, [])
        tables[table] = {"rows": count.rows, "distinct_keys": count.distinct_keys, "files": files}
    return {
        "parameters": _scrubbed(collection.parameters),
        "pages": collection.pages,
        "requests": collection.requests,
        "rows": sum(facts["rows"] for facts in tables.values()),
        "distinct_keys": sum(facts["distinct_keys"] for facts in tables.values()),
        "source_total": collection.source_total,
        "http_statuses": {str(status): times for status, times in collection.http_statuses.items()},
        "permission": permission,
        "gaps": [
            {"from": instant(gap.start), "to": instant(gap.end), "cause": scrub(gap.cause)} for gap in collection.gaps
        ],
        "tables": {} if attempt.error else tables,
        "state": {} if attempt.error else collection.state,
        "error": attempt.error,
    }


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return scrub(value)
    if isinstance(value, dict):
        return {name: _scrubbed(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_scrubbed(part) for part in value]
    return value


def _fail_all(attempts: Sequence[Attempt], error: BaseException) -> None:
    for attempt in attempts:
        attempt.fail(error)


def _file(vault: Vault, path: str) -> dict[str, Any]:
    """The facts of one file of the vault, as the ledger records them."""
    import pyarrow.parquet as pq

    facts = vault.facts(path)
    with vault.open(path) as file:
        rows = pq.ParquetFile(file).metadata.num_rows
    return {"path": path, "rows": rows, "bytes": facts.size, "sha256": facts.sha256}


def _cause(error: BaseException) -> BaseException:
    """The connector's own error inside dlt's wrappers."""
    from dlt.pipeline.exceptions import PipelineStepFailed

    while isinstance(error, PipelineStepFailed) and isinstance(error.exception, BaseException):
        error = error.exception
    return error


def _guarded(pages: Iterator[Any], attempt: Attempt) -> Iterator[Any]:
    """Pass on the pages of one resource; its failure ends it quietly and is noted."""
    try:
        for page in pages:
            data = getattr(page, "data", page)  # with_table_name wraps the page
            if getattr(data, "schema", None) != raw_schema():
                raise TypeError(f"{attempt.resource.name} yielded something else than collection.page(…)")
            if data.num_rows:
                yield page
        if attempt.collection.permission.result == "denied":
            attempt.denied = True
            attempt.error = attempt.error or scrub(attempt.collection.permission.detail) or "not permitted"
        if unknown := attempt.collection.counts.keys() - set(attempt.resource.tables):
            raise TypeError(f"{attempt.resource.name} wrote to undeclared tables {', '.join(sorted(unknown))}")
    except Exception as error:  # noqa: BLE001 - one resource's failure never sinks the others
        attempt.fail(error)
