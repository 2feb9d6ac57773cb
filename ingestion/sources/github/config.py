"""Configuration of one GitHub organization. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, Field, field_validator, model_validator

from ingestion.config import SourceInstance


class AppLogin(BaseModel):
    """The part of a configuration that names a GitHub App; the App's key is the secret `private_key`.

    Attributes:
        app_id: Client id or id of the App; without one, the secret `token` is the credential.
        installation_id: Which installation of the App.
    """

    app_id: str = Field(default="", coerce_numbers_to_str=True, pattern=r"^[A-Za-z0-9.]*$")
    installation_id: str = Field(default="", coerce_numbers_to_str=True, pattern=r"^[0-9]*$")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if bool(self.app_id) != bool(self.installation_id):
            raise ValueError("a GitHub App needs both app_id and installation_id")
        return self


class GithubInstance(SourceInstance, AppLogin):
    """One GitHub organization, on github.com or on an Enterprise server.

    Attributes:
        org: Login of the organization.
        base_url: Root of the REST API; an Enterprise server's ends in `/api/v3`.
        graphql_url: Address of the GraphQL API; when not given, `<base_url>/graphql`, and of an Enterprise server
            `/api/graphql`. It has to be at the origin of `base_url`.
        repositories: Names of the repositories in scope; all repositories of the organization when empty.
        production_branches: Repository name to its production branches; the default branch where a repository is
            not named.
        production_environments: Deployment environments that are production.
        page_size: Pull requests, commits or deployments per GraphQL query; halved by itself when GitHub gives up.
    """

    source: Literal["github"] = "github"
    org: str = Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$")
    base_url: str = "https://api.github.com"
    graphql_url: str = ""
    repositories: tuple[str, ...] = ()
    production_branches: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    production_environments: tuple[str, ...] = ("production",)
    page_size: int = Field(default=50, ge=1, le=100)

    @field_validator("production_branches")
    @classmethod
    def _each_repository_once(cls, value: dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        names = [name.casefold() for name in value]
        if len(names) != len(set(names)):
            raise ValueError("production_branches names a repository twice (GitHub's names do not differ by case)")
        return value

    @property
    def graphql_address(self) -> str:
        """Where GraphQL queries go."""
        root = self.base_url.rstrip("/")
        return self.graphql_url or f"{root.removesuffix('/v3') if root.endswith('/api/v3') else root}/graphql"
