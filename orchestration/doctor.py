"""Is everything in place to collect? Each source answers for itself."""

from __future__ import annotations

from collections.abc import Iterator

from ingestion.contract import Finding, SourceError
from ingestion.ledger import FOLDER as LEDGER
from ingestion.ledger import verify_chain
from ingestion.sources import connector
from ingestion.vault import Vault
from orchestration import collection
from orchestration.catalogue import HRIS, sources_of_controls
from orchestration.engagement import Engagement
from orchestration.workspace import Workspace


def examine(workspace: Workspace, engagement: Engagement) -> Iterator[tuple[str, Finding]]:
    """Findings of every source instance, in the order of the engagement.

    Yields:
        (instance name, finding); a source that cannot even be asked yields one failed finding.
    """
    yield "engagement", Finding("configuration", True, f"{workspace.engagement_path.name} is valid")
    for finding in _sources_of_controls(workspace, engagement):
        yield "engagement", finding
    yield "vault", vault_finding(workspace.vault)
    with collection.reachable(workspace, engagement) as (instances, _):
        for instance in instances:
            try:
                for finding in connector(instance.source).doctor(instance):
                    yield instance.instance, finding
            except SourceError as error:
                yield instance.instance, Finding("can be asked", False, error.message, error.remedy)


def vault_finding(vault: Vault) -> Finding:
    """Whether the vault can be read, and whether the chain of its ledger holds. Nothing is written to find out."""
    try:
        problems = verify_chain(vault)
        entries = len(vault.list(LEDGER))
        if not entries and not vault.has_store():
            return Finding("can be read", False, f"there is no {vault.url}", "Create the bucket or container first.")
    except (SourceError, OSError) as error:
        remedy = error.remedy if isinstance(error, SourceError) else "Check that this user may read it."
        return Finding("can be read", False, getattr(error, "message", str(error)), remedy)
    if problems:
        said = "; ".join(f"{problem.path} {problem.detail}" for problem in problems[:3])
        return Finding("its ledger is whole", False, said, "Restore the vault from a copy; nothing may change it.")
    return Finding("its ledger is whole", True, f"{entries} entries")


def _sources_of_controls(workspace: Workspace, engagement: Engagement) -> Iterator[Finding]:
    """Whether each control has what it rests on; of the HR sources one will do."""
    configured = {source.source for source in engagement.sources}
    for control_id, rests_on in sources_of_controls(workspace.project).items():
        wanted = rests_on - HRIS - configured
        if rests_on & HRIS and not configured & HRIS:
            wanted.add(f"HR source ({' or '.join(sorted(rests_on & HRIS))})")
        yield Finding(
            f"{control_id} has its sources",
            not wanted,
            f"not configured: {', '.join(sorted(wanted))}" if wanted else "all of them are configured",
            f"Add what is missing under `sources`; without it the package says INCOMPLETE for {control_id}.",
        )
