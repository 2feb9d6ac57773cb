"""What is gathered while a package is being built."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from orchestration.report_package.csv_export import Exported
    from orchestration.report_package.engagement import Engagement
    from orchestration.report_package.folder import PackageFolder
    from orchestration.report_package.ledger import LedgerEntry
    from orchestration.report_package.sampling import Plan
    from orchestration.report_package.stamps import Record, Seed, StampBook
    from orchestration.report_package.warehouse import Mart, Warehouse


@dataclass
class Sample:
    """One control's sample as it stands in the package."""

    plan: Plan
    seed: Seed | None
    drawn: Record | None = None
    displaced: list[tuple[Record, Record]] = field(default_factory=list)
    initial: int = 0


@dataclass
class Build:
    """What is gathered on the way."""

    folder: PackageFolder
    warehouse: Warehouse
    engagement: Engagement
    book: StampBook
    as_at: datetime
    code_version: str
    signing_key: bytes | None
    populations: list[Mart] = field(default_factory=list)
    parts: list[Mart] = field(default_factory=list)
    exported: dict[str, Exported] = field(default_factory=dict)
    reasons: list[str] = field(default_factory=list)
    freezes: dict[str, Record] = field(default_factory=dict)
    samples: dict[str, Sample] = field(default_factory=dict)
    entries: list[LedgerEntry] = field(default_factory=list)
    summaries: dict[str, dict[str, Any]] = field(default_factory=dict)
