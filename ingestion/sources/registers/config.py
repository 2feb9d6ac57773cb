"""Configuration of the registers."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ingestion.config import SourceInstance


class RegistersInstance(SourceInstance):
    """The folder in which people keep the registers.

    Attributes:
        folder: Holds one CSV per register.
    """

    source: Literal["registers"] = "registers"
    instance: str = "registers"
    folder: Path = Path("registers")
