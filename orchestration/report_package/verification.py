"""Verify a package in process, by the very code of the verify.py that travels in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from orchestration.report_package.verify import Check, Verifier, read_public_key


@dataclass(frozen=True)
class Verification:
    """Result of all checks; ``passed`` only where every one of them did."""

    passed: bool
    checks: tuple[Check, ...]
    digest: str
    state: str
    signed_by: str
    """Fingerprint of the key whose signature is valid; empty where unsigned."""

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if not check.passed)


def verify_package(path: Path, public_key: bytes | None = None) -> Verification:
    """Verify a package's folder.

    Args:
        path: the folder.
        public_key: the signer's public key (PEM, hexadecimal or 32 bytes), obtained elsewhere than in the package.

    Raises:
        verify.Problem: the public key is none.
    """
    verifier = Verifier(str(path), read_public_key(public_key) if public_key else None)
    checks = tuple(verifier.run())
    return Verification(
        all(check.passed for check in checks), checks, verifier.digest, verifier.state, verifier.signed_by
    )
