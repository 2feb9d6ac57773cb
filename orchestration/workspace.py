"""Where everything of one engagement stands on disk, and the environment the tools run in."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

from ingestion.vault import Vault
from orchestration.engagement import Engagement, EngagementError, load

CODE_VERSION = version("itgc-evidence")
TEMPLATE = Path(__file__).with_name("engagement.template.yml")
_OWN_HOME = "ITGC_DAGSTER_HOME"
"""Tells a DAGSTER_HOME that was set here, perhaps for another build folder, from one that somebody set."""
CODE_FOLDERS = ("dbt_project", "expectations", "ingestion", "orchestration")
"""Everything that decides what a package says: models and seeds, checks, connectors, rendering."""


@cache
def code_digest(project: Path) -> str:
    """SHA-256 over the code behind a package: path and bytes of every file of :data:`CODE_FOLDERS`, sorted by path.

    Args:
        project: the folder whose models are built; the Python code is the code that runs.

    Returns:
        Lower-case hexadecimal digits.
    """
    digest = sha256()
    running = Path(__file__).parents[1]
    for name in CODE_FOLDERS:
        for path in _code_files((project if name == "dbt_project" else running) / name):
            content = path.read_bytes()
            digest.update(f"{path.as_posix().rpartition(f'/{name}/')[2]}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()


def _code_files(folder: Path) -> Iterator[Path]:
    """Files below a folder, sorted by path; nothing hidden and nothing compiled."""
    for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).as_posix()):
        parts = path.relative_to(folder).parts
        if (
            path.is_file()
            and path.suffix != ".pyc"
            and not any(part.startswith((".", "__pycache__")) for part in parts)
        ):
            yield path


@dataclass(frozen=True)
class Workspace:
    """Paths of one engagement.

    Attributes:
        project: the folder that holds `dbt_project.yml`.
        engagement_path: the engagement file.
        build: everything derived or collected: vault, warehouse, packages. Only the vault cannot be rebuilt.
        engine: what builds the models: duckdb, or spark (dbt's target of that name; docs/engines.md).
    """

    project: Path
    engagement_path: Path
    build: Path
    engine: str = "duckdb"

    @property
    def vault(self) -> Vault:
        """Append-only evidence and its ledger: where the engagement says, else in the build folder."""
        return Vault(self.engagement().vault or self.build / "vault")

    @property
    def warehouse(self) -> Path:
        """The DuckDB file: derived, may be deleted at any time. After a build on Spark: views of its tables."""
        return self.build / ("warehouse.duckdb" if self.engine == "duckdb" else f"warehouse-{self.engine}.duckdb")

    @property
    def spark(self) -> Path:
        """What a local Spark builds: its tables as Parquet, its metastore."""
        return self.build / "spark"

    @property
    def packages(self) -> Path:
        """Finished evidence packages."""
        return self.build / "packages"

    @property
    def collector(self) -> Path:
        """Working folder of dlt and of the git clones."""
        return self.build / "collector"

    @property
    def demo(self) -> Path:
        """The generated demo company."""
        return self.build / "demo"

    @property
    def manifest(self) -> Path:
        """Dbt's parsed project."""
        return self._dbt / "manifest.json"

    @property
    def _dbt(self) -> Path:
        return self.build / ("dbt" if self.engine == "duckdb" else f"dbt-{self.engine}")

    @property
    def checks(self) -> Path:
        """Results of the data checks of the last build."""
        return self.build / "data_checks.json"

    @property
    def code(self) -> str:
        """Version of the tool, `+`, and the first digits of :func:`code_digest`: what made a package."""
        return f"{CODE_VERSION}+{code_digest(self.project)[:12]}"

    def engagement(self) -> Engagement:
        """Read and validate the engagement file."""
        return load(self.engagement_path)

    def prepare(self) -> None:
        """Create the folders and set the environment of every tool, telemetry off.

        Idempotent. One absolute path each, set only here: a relative one would make dbt parse from scratch. A
        DAGSTER_HOME that somebody set stands: that installation of Dagster brings its own settings.
        """
        for folder in (self.build, self._dbt):
            folder.mkdir(parents=True, exist_ok=True)
        os.environ.update(self._dagster())
        os.environ.update(
            {
                "DAGSTER_DISABLE_TELEMETRY": "1",
                "DBT_PROFILES_DIR": str(self.project / "dbt_project"),
                "DBT_PROJECT_DIR": str(self.project),
                "DBT_TARGET_PATH": str(self._dbt),
                "DBT_LOG_PATH": str(self._dbt),
                "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
                "DO_NOT_TRACK": "1",
                "GX_ANALYTICS_ENABLED": "false",
                "RUNTIME__DLTHUB_TELEMETRY": "false",
                "RUNTIME__LOG_LEVEL": "ERROR",
                "ITGC_PROJECT": str(self.project),
                "ITGC_ENGAGEMENT": str(self.engagement_path),
                "ITGC_BUILD": str(self.build),
                "ITGC_WAREHOUSE": str(self.warehouse),
                "ITGC_SPARK": str(self.spark),
                "ITGC_ENGINE": self.engine,
            }
        )

    def _dagster(self) -> dict[str, str]:
        """The environment of Dagster, with the instance in the build folder unless there is another."""
        given = os.environ.get("DAGSTER_HOME")
        if given and given != os.environ.get(_OWN_HOME):
            return {}
        home = self.build / "dagster"
        home.mkdir(parents=True, exist_ok=True)
        settings = home / "dagster.yaml"
        wanted = (self.project / "orchestration" / "dagster.yaml").read_text(encoding="utf-8")
        if not settings.exists() or settings.read_text(encoding="utf-8") != wanted:
            settings.write_text(wanted, encoding="utf-8")
        return {"DAGSTER_HOME": str(home), _OWN_HOME: str(home)}


def find(engagement: Path | None = None, build: Path | None = None, engine: str | None = None) -> Workspace:
    """The workspace of the current folder, or the one named by ITGC_PROJECT, ITGC_ENGAGEMENT and ITGC_BUILD.

    Args:
        engagement: engagement file; default `engagement.yml` in the project's folder.
        build: folder of vault, warehouse and packages; default `build` in the project's folder.
        engine: duckdb or spark; default ITGC_ENGINE, else duckdb.

    Raises:
        EngagementError: the project's folder cannot be found from here.
    """
    project = Path(os.environ.get("ITGC_PROJECT") or Path.cwd()).resolve()
    if not (project / "dbt_project.yml").is_file():
        raise EngagementError("no dbt_project.yml here: run itgc in the project's folder, or set ITGC_PROJECT to it")
    chosen = engagement or Path(os.environ.get("ITGC_ENGAGEMENT") or project / "engagement.yml")
    folder = build or Path(os.environ.get("ITGC_BUILD") or project / "build")
    return Workspace(project, chosen.resolve(), folder.resolve(), engine or os.environ.get("ITGC_ENGINE") or "duckdb")
