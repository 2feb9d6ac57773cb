"""Configuration of one Jira Cloud site. Imports nothing heavy."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ingestion.config import SourceInstance


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{value!r} is no IANA time zone (like America/New_York)") from None
    return value


class JiraFields(BaseModel):
    """Which custom field says what: its id (`customfield_10050`) or its name; None where the site has none.

    Attributes:
        beneficiary: Who gets the access: a user picker, or a text with an e-mail address.
        entitlements: What is granted, as `<system>:<kind>:<external id>`: labels, text or a list of choices. Of
            several instances of a system, `<system>@<instance>:<kind>:<external id>` says which.
        expires_at: Until when: a date (to the end of that day) or a date with time.
        change_refs: Pull requests or commits that the issue stands for: labels or text.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    beneficiary: str | None = "Beneficiary"
    entitlements: str | None = "Entitlements"
    expires_at: str | None = "Access expires at"
    change_refs: str | None = "Change references"


class JiraInstance(SourceInstance):
    """One Jira Cloud site.

    Attributes:
        base_url: Address of the site, `https://example.atlassian.net`; `{demo}/…` is the demo company's server.
        email: E-mail address of the account that owns the API token; a real site needs it.
        projects: Keys of the projects whose issues are collected.
        fields: Custom fields by meaning.
        entitlement_choices: What a choice or text of the entitlements field stands for, where it is not already
            `<system>:<kind>:<external id>`.
        zone: Zone in which a mere date of `expires_at` is meant.
    """

    source: Literal["jira"] = "jira"
    base_url: str = Field(pattern=r"^(https?://[^/\s]|\{demo\}/)\S*$")
    email: str = ""
    projects: tuple[Annotated[str, Field(pattern=r"^[A-Z][A-Z0-9_]*$")], ...] = Field(min_length=1)
    fields: JiraFields = JiraFields()
    entitlement_choices: dict[str, str] = Field(default_factory=dict)
    zone: Annotated[str, AfterValidator(_known_zone)] = "America/New_York"
