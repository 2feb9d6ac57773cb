"""Configuration of an HR file drop."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ingestion.config import SourceInstance


class HrisCsvInstance(SourceInstance):
    """The folder into which an HR system exports its workers.

    Attributes:
        folder: Holds `workers.csv` and `managers.csv`.
        zone: Time zone of the workers (IANA name); a worker's own `zone` goes before it.
        calendar: Business calendar of the workers, a name in the calendar seed.
    """

    source: Literal["hris_csv"] = "hris_csv"
    folder: Path
    zone: str
    calendar: str
