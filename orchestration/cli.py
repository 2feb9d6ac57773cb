"""`itgc`: a thin face over the Dagster jobs. Heavy imports happen inside the commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from ingestion.ledger import Ledger
    from orchestration.engagement import Engagement
    from orchestration.workspace import Workspace

OK, FAILED, INCOMPLETE = 0, 1, 3  # 2 is typer's, for a command that cannot be understood
LONGEST = 320  # characters of a line; an error with its remedy fits

app = typer.Typer(
    help="SOC 1 evidence for IT general controls: collect, build, check, package, verify.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
sample = typer.Typer(help="Samples: what was drawn, what a tested sample supports.", no_args_is_help=True)
app.add_typer(sample, name="sample")
EngagementOption = Annotated[
    Path | None, typer.Option("--engagement", "-e", help="Engagement file; default engagement.yml.")
]
TargetOption = Annotated[
    Literal["duckdb", "spark"],
    typer.Option("--target", help="What builds the models; spark needs the extra (docs/engines.md)."),
]
BuildOption = Annotated[
    Path | None, typer.Option("--build", help="Folder of vault, warehouse and packages; default build.")
]


def _say(text: str) -> None:
    from ingestion.config import scrub

    print(scrub(text), file=sys.stderr, flush=True)


@contextmanager
def _opened(
    engagement: Path | None, build: Path | None, target: str | None = None
) -> Iterator[tuple[Workspace, Engagement]]:
    """The workspace; whatever goes wrong inside ends in one screen of text and exit code 1."""
    from ingestion.contract import SourceError
    from orchestration import progress, spark
    from orchestration.dbt import DbtError
    from orchestration.engagement import EngagementError
    from orchestration.workspace import find

    try:
        workspace = find(engagement, build, target)
        settings = workspace.engagement()
        if workspace.engine == "spark":
            spark.require()
        workspace.prepare()
        progress.listen(_progress())
        yield workspace, settings
    except (EngagementError, SourceError, DbtError) as error:
        _say(f"error: {error}")
        raise typer.Exit(FAILED) from None
    finally:
        progress.listen(None)
        if sys.stderr.isatty():
            print("\r\033[K", end="", file=sys.stderr)


def _progress() -> Callable[[str], None] | None:
    """One line that is rewritten on a terminal; elsewhere the stages say that they begin."""
    if not sys.stderr.isatty():
        return None

    def show(line: str) -> None:
        print(f"\r\033[K{line[:110]}", end="", file=sys.stderr, flush=True)

    return show


def _brief(lines: Sequence[str], most: int, rest: str) -> list[str]:
    """At most so many lines, none endless: a terminal is one screen, the whole stands elsewhere."""
    shown = [line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…" for line in lines[:most]]
    return shown if len(lines) <= most else [*shown, f"… and {len(lines) - most} more: {rest}"]


def _run(workspace: Workspace, job: str) -> bool:
    from orchestration.jobs import run

    if not sys.stderr.isatty():
        _say(f"{job} …")
    outcome = run(workspace, job)
    for failure in outcome.failures:
        most = max(3, 16 // len(outcome.failures))
        for line in _brief(f"error: {failure}".strip().splitlines(), most, "`itgc ui` shows the run"):
            _say(line)
    return outcome.success


@app.command()
def collect(engagement: EngagementOption = None, build: BuildOption = None) -> None:
    """Collect every source into the vault, from where the ledger says the last collection ended."""
    with _opened(engagement, build) as (workspace, _):
        done = _run(workspace, "collect")
        _collected(workspace)
    raise typer.Exit(OK if done else FAILED)


def _collected(workspace: Workspace) -> None:
    from ingestion.ledger import Ledger

    ledger = Ledger(workspace.vault)
    failed = sum(entry.kind == "failed" for entry in ledger.entries)
    rows = sum(entry.facts["rows"] for entry in ledger.committed)
    ends = f"{len(ledger.committed)} collections committed, {failed} failed, {len(ledger.aborted())} aborted"
    print(f"vault: {ends}; {rows:,} rows")
    if rejected := _rejected(ledger):
        print(f"set aside: {rejected} rows that do not fit their file; `itgc doctor` names each")


def _rejected(ledger: Ledger) -> int:
    """Rows which the last collection of each file set aside."""
    last = {(entry.facts["instance"], entry.facts["resource"]): entry.facts for entry in ledger.committed}
    return sum(int(facts["parameters"].get("rows_rejected", 0)) for facts in last.values())


@app.command(name="build")
def build_(engagement: EngagementOption = None, build: BuildOption = None, target: TargetOption = "duckdb") -> None:
    """Build the evidence marts and exception views from the vault."""
    with _opened(engagement, build, target) as (workspace, _):
        done = _run(workspace, "build")
    raise typer.Exit(OK if done else FAILED)


@app.command()
def package(
    engagement: EngagementOption = None,
    build: BuildOption = None,
    target: TargetOption = "duckdb",
    strict: Annotated[bool, typer.Option("--strict", help="Refuse to write a package that is INCOMPLETE.")] = False,
    key: Annotated[
        Path | None, typer.Option("--key", help="Private key of `itgc keygen`; or ITGC_SIGNING_KEY.")
    ] = None,
) -> None:
    """Write and verify the evidence package; collects first when the vault does not hold the period."""
    with _opened(engagement, build, target) as (workspace, settings):
        code = _package(workspace, settings, strict=strict, key=key)
    raise typer.Exit(code)


def _package(workspace: Workspace, settings: Engagement, *, strict: bool, key: Path | None) -> int:
    from orchestration import collection
    from orchestration.packaging import read_outcome

    os.environ["ITGC_STRICT"] = "1" if strict else ""
    if key is not None:
        os.environ["ITGC_SIGNING_KEY_FILE"] = str(key.resolve())
    if not collection.holds_period(workspace, settings) and not _run(workspace, "collect"):
        _say("some collections failed (above); packaging what the vault holds, the package will say what is missing")
    if not _run(workspace, "build") or not _run(workspace, "package"):
        return FAILED
    outcome = read_outcome(workspace)
    reasons = [line for line in outcome.lines if line.startswith("  incomplete: ")]
    findings = [line for line in outcome.lines if line not in reasons]
    for line in [*findings, *_brief(reasons, 10, "index.html")]:
        print(line)
    print(f"package: {outcome.path}")
    return OK if outcome.state == "CHECKS_PASSED" else INCOMPLETE


@app.command()
def demo(
    scenario: Annotated[str, typer.Option(help="as-shipped, incomplete, restated or unreachable.")] = "as-shipped",
    scale: Annotated[float, typer.Option(help="1 is about 300 workers and 2,000 changes; 0.1 to 100.")] = 1.0,
) -> None:
    """Take the demo company through the pipeline in a folder of its own, with something going wrong if you like."""
    from orchestration.engagement import EngagementError
    from orchestration.simulation import write_engagement
    from orchestration.workspace import find

    try:
        workspace = find()
        folder = workspace.project / "build" / f"demo-{scenario}"
        engagement = write_engagement(workspace.project, folder, scenario, scale)
    except EngagementError as error:
        _say(f"error: {error}")
        raise typer.Exit(FAILED) from None
    with _opened(engagement, folder / "build") as (workspace, settings):
        code = _package(workspace, settings, strict=False, key=None)
    raise typer.Exit(code)


@app.command()
def init(file: Annotated[Path, typer.Argument(help="Where to write the template.")] = Path("engagement.yml")) -> None:
    """Write a template of the engagement file; never replaces a file."""
    from orchestration.workspace import TEMPLATE

    if file.exists():
        _say(f"error: {file} exists already; give another name: itgc init my-engagement.yml")
        raise typer.Exit(FAILED)
    file.write_text(TEMPLATE.read_text(encoding="utf-8"), encoding="utf-8")
    print(f"written: {file}; name your sources there, then run `itgc doctor`")


@sample.command("show")
def sample_show(engagement: EngagementOption = None, build: BuildOption = None) -> None:
    """The sampling plan of the last package, and where each sample stands."""
    from orchestration.packaging import read_outcome
    from orchestration.sample import SampleProblem, show

    with _opened(engagement, build) as (workspace, _):
        try:
            for line in show(Path(read_outcome(workspace).path)):
                print(line)
        except (SampleProblem, FileNotFoundError):
            _say("error: no package yet: `itgc package` writes one, with its samples")
            raise typer.Exit(FAILED) from None


@sample.command("evaluate")
def sample_evaluate(
    file: Annotated[Path, typer.Argument(help="A copy of samples/<CONTROL>_sample.csv, auditor_result filled.")],
    engagement: EngagementOption = None,
) -> None:
    """What a tested sample supports: deviation rate and upper limit."""
    from orchestration.sample import SampleProblem, evaluate

    with _opened(engagement, None) as (_, settings):
        try:
            for line in evaluate(file, settings.sampling):
                print(line)
        except SampleProblem as error:
            _say(f"error: {error}")
            raise typer.Exit(FAILED) from None


@app.command()
def verify(
    folder: Annotated[Path, typer.Argument(help="The package's folder.")],
    public_key: Annotated[
        Path | None,
        typer.Option("--public-key", help="The signer's public key, obtained elsewhere than in the package."),
    ] = None,
) -> None:
    """Verify a package, as its own verify.py does."""
    from orchestration.report_package import verify as verifier

    raise typer.Exit(verifier.main([str(folder), *(["--public-key", str(public_key)] if public_key else [])]))


@app.command()
def keygen(out: Annotated[Path, typer.Argument(help="Folder for the two key files.")]) -> None:
    """Make an ed25519 key pair for signing packages."""
    from orchestration.report_package.signing import KeyProblem
    from orchestration.report_package.signing import keygen as make

    try:
        private, public = make(out)
    except KeyProblem as error:
        _say(f"error: {error}")
        raise typer.Exit(FAILED) from None
    print(f"private key: {private} (keep it secret; give it to `itgc package --key`)")
    print(f"public key: {public} (give it to the auditor by another way than the package)")


@app.command()
def doctor(
    engagement: EngagementOption = None,
    build: BuildOption = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Every check, also those that passed.")] = False,
) -> None:
    """Check configuration, credentials, scopes and reachability of every source, and say what to do."""
    from collections import Counter

    from ingestion.config import scrub
    from orchestration.doctor import examine

    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    with _opened(engagement, build) as (workspace, settings):
        for instance, finding in examine(workspace, settings):
            (passed if finding.ok else failed)[instance] += 1
            if verbose or not finding.ok:
                print(f"{'ok  ' if finding.ok else 'FAIL'} {instance}: {finding.check}: {scrub(finding.detail)}")
                if finding.remedy and not finding.ok:
                    print(f"     {scrub(finding.remedy)}")
    for instance, checks in passed.items():
        if not verbose:
            print(f"{'part' if failed[instance] else 'ok  '} {instance}: {checks} checks passed")
    print("everything is in place: itgc collect" if not failed else f"{failed.total()} to mend, then the same again")
    raise typer.Exit(FAILED if failed else OK)


@app.command()
def ui(
    engagement: EngagementOption = None,
    build: BuildOption = None,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 3000,
) -> None:
    """Open Dagster on loopback: lineage from source to package, checks, runs."""
    import signal
    import subprocess

    with _opened(engagement, build):
        print(f"Dagster: http://127.0.0.1:{port}", flush=True)
        options = ["dev", "-m", "orchestration.definitions", "-h", "127.0.0.1", "-p", str(port)]
        quiet = ["-W", "ignore:Function `dev_command`"]  # Dagster announces its next command line
        signal.signal(signal.SIGINT, signal.default_int_handler)  # who was started in the background ignores it
        dagster = subprocess.Popen([sys.executable, *quiet, "-m", "dagster", *options], start_new_session=True)
        # Dagster ends what it started on SIGINT only, and once; whoever stops us stops it.
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, lambda *_: dagster.send_signal(signal.SIGINT))
        raise typer.Exit(dagster.wait())


def main() -> None:
    """Entry point."""
    app()


if __name__ == "__main__":
    main()
