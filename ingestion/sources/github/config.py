"""Configuration of one GitHub organization. Imports nothing heavy."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ingestion.config import SourceInstance


class GithubInstance(SourceInstance):
    """One GitHub organization, on github.com or on an Enterprise server.

    Attributes:
        org: Login of the organization.
        base_url: Root of the REST API; an Enterprise server's ends in `/api/v3`.
        graphql_url: Address of the GraphQL API; `<base_url>/graphql` when not given (an Enterprise server's is
            `/api/graphql`). It has to be at the origin of `base_url`.
        repositories: Names of the repositories in scope; all repositories of the organization when empty.
        production_branches: Repository name to its production branches; the default branch where a repository is
            not named.
        production_environments: Deployment environments that are production.
        page_size: Pull requests, commits or deployments per GraphQL query; halved by itself when GitHub times out.
    """

    source: Literal["github"] = "github"
    org: str = Field(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9-]{0,38})$")
    base_url: str = "https://api.github.com"
    graphql_url: str = ""
    repositories: tuple[str, ...] = ()
    production_branches: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    production_environments: tuple[str, ...] = ("production",)
    page_size: int = Field(default=50, ge=1, le=100)

    @property
    def graphql_address(self) -> str:
        """Where GraphQL queries go."""
        return self.graphql_url or self.base_url.rstrip("/") + "/graphql"
