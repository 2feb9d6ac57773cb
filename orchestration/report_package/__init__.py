"""The evidence package: pure rendering from the warehouse, the ledger and the tool's stamps to one verifiable folder.

Nothing here imports the orchestrator, reads a clock or touches the network.
"""

from __future__ import annotations

from orchestration.report_package.build import IncompletePackage, PackageResult, build_package
from orchestration.report_package.completeness import CheckResult
from orchestration.report_package.engagement import EngagementProblem
from orchestration.report_package.folder import PackageConflict
from orchestration.report_package.signing import KeyProblem
from orchestration.report_package.stamps import MemoryStamps, Stamps, register_seed
from orchestration.report_package.verification import Verification, verify_package
from orchestration.report_package.warehouse import WarehouseError

__all__ = [
    "CheckResult",
    "EngagementProblem",
    "IncompletePackage",
    "KeyProblem",
    "MemoryStamps",
    "PackageConflict",
    "PackageResult",
    "Stamps",
    "Verification",
    "WarehouseError",
    "build_package",
    "register_seed",
    "verify_package",
]
