"""Configuration of source instances, and their secrets. Imports nothing heavy."""

from __future__ import annotations

import base64
import os
import re
import tomllib
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from ingestion.contract import SourceError

_HIDDEN = "***"
_known_secrets: set[str] = set()  # values handed out by secret(), so that scrub() can take them out of any text
_PATTERNS = (
    re.compile(r"(://)[^/\s@'\"]+(?=@)"),  # user:password@ of a URL
    re.compile(r"\b((?:SSWS|Bearer|Basic|Token)\s+)(?=\S*\d|\S{20})[A-Za-z0-9._~+/=:-]{6,}", re.IGNORECASE),
    re.compile(r"((?:access_token|api_?key|token|password|secret|signature)=)[^&\s'\"]+", re.IGNORECASE),
)


class SourceInstance(BaseModel):
    """One configured tenant of a source; every connector's configuration extends it.

    Attributes:
        source: Name of the source, a key of `ingestion.sources.SOURCES`.
        instance: Name of this tenant; part of collection ids and item keys, so never rename it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str
    instance: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")


def register_secret(value: str) -> str:
    """Make a value known to `scrub`, in the spellings in which it could leak; returns the value."""
    if value:
        _known_secrets.update(
            {
                value,
                quote(value, safe=""),
                base64.b64encode(value.encode()).decode(),
                base64.b64encode(f"{value}:x".encode()).decode(),
            }
        )
    return value


def scrub(text: str) -> str:
    """Take secrets out of a text: known values, credentials in URLs, authorization headers, secret query parameters."""
    for value in sorted(_known_secrets, key=len, reverse=True):
        text = text.replace(value, _HIDDEN)
    for pattern in _PATTERNS:
        text = pattern.sub(rf"\1{_HIDDEN}", text)
    return text


def secret(instance: str, name: str, folder: Path | None = None) -> str:
    """Read a secret of a source instance from the environment, else from `.dlt/secrets.toml`.

    Args:
        instance: Name of the source instance, e.g. `okta-harbor`.
        name: Name of the secret, e.g. `token`.
        folder: Folder which holds `.dlt`; the working directory by default.

    Returns:
        The secret; from now on `scrub` hides it.

    Raises:
        SourceError: It stands in neither place.
    """
    variable = f"SOURCES__{instance.upper().replace('-', '_')}__{name.upper()}"
    value = os.environ.get(variable, "")
    path = (folder or Path.cwd()) / ".dlt" / "secrets.toml"
    if not value and path.is_file():
        try:
            sources = tomllib.loads(path.read_text(encoding="utf-8")).get("sources", {})
        except tomllib.TOMLDecodeError as error:  # its text quotes no values
            raise SourceError(f".dlt/secrets.toml is not valid TOML: {error}.", "Correct the file.") from None
        section = sources.get(instance) or sources.get(instance.replace("-", "_")) or {}
        value = str(section.get(name, ""))
    if not value:
        raise SourceError(
            f"No secret {name!r} for {instance}.",
            f'Set the environment variable {variable}, or write [sources.{instance}] {name} = "…" '
            "into .dlt/secrets.toml.",
        )
    return register_secret(value)
