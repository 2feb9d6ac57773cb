"""GitHub's GraphQL: the queries, the demo server's own schema, and both against GitHub's published schema."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import requests
from demo_server_kit import NOW
from github_company import API, ORG, Company
from graphql import (
    GraphQLEnumType,
    GraphQLScalarType,
    GraphQLUnionType,
    build_schema,
    parse,
    specified_directives,
    validate,
)

from ingestion.demo.server import DemoServer, github_graphql
from ingestion.sources.github import branches, changes, checks
from ingestion.sources.github.queries import document, names

OWN = Path(github_graphql.__file__).with_name("github.graphql").read_text(encoding="utf-8")
SIZES = {**changes.PULL_REQUEST_SIZES, **checks.COMMIT_SIZES, **checks.CHECK_SIZES, **branches.ASSOCIATED}


@pytest.fixture(scope="module")
def published():
    path = Path(os.environ.get("GITHUB_SCHEMA", "schema.graphql"))
    if not path.is_file():
        pytest.skip("GitHub's published schema is not here (npm pack @octokit/graphql-schema; set GITHUB_SCHEMA)")
    return build_schema(path.read_text(encoding="utf-8"), assume_valid_sdl=True)


@pytest.fixture(scope="module")
def endpoint():
    made = Company()
    made.pull_request(API, 1, NOW)
    with DemoServer(made.store, clock=NOW) as server:
        yield f"{server.url}/github/graphql"


def ask(endpoint, query, **variables):
    headers = {"Authorization": "Bearer demo-github-token"}
    return requests.post(endpoint, json={"query": query, "variables": variables}, headers=headers, timeout=9).json()


@pytest.mark.parametrize("name", names())
def test_a_query_is_valid_at_github(name, published):
    assert validate(published, parse(document(name))) == []


@pytest.mark.parametrize("name", names())
def test_a_query_is_valid_at_the_demo_server(name):
    assert validate(github_graphql.schema(), parse(document(name))) == []


@pytest.mark.parametrize("name", names())
def test_a_query_with_the_largest_pages_stays_far_below_the_node_limit(name):
    nodes = github_graphql.count_nodes(github_graphql.schema(), parse(document(name)), {**SIZES, "first": 100})
    assert nodes < github_graphql.NODE_LIMIT / 2
    assert (nodes > 0) == ("first:" in document(name))


def test_the_nodes_of_a_query_are_counted_as_githubs_documentation_does():
    query = """query { repository(owner: "o", name: "n") { pullRequests(first: 50) { nodes {
        reviews(first: 20) { nodes { id } } labels(first: 10) { nodes { id } } } } } }"""
    assert github_graphql.count_nodes(github_graphql.schema(), parse(query), {}) == 50 + 50 * 20 + 50 * 10


def own_members():
    schema = build_schema(OWN)
    for name, kind in schema.type_map.items():
        if not name.startswith("__"):
            yield name, kind


@pytest.mark.parametrize(("name", "kind"), list(own_members()), ids=[name for name, _ in own_members()])
def test_the_demo_servers_schema_is_a_part_of_githubs(name, kind, published):
    theirs = published.type_map[name]
    assert type(theirs) is type(kind)
    if isinstance(kind, GraphQLScalarType):
        return
    if isinstance(kind, GraphQLEnumType):
        assert set(kind.values) <= set(theirs.values)
        return
    if isinstance(kind, GraphQLUnionType):
        assert {part.name for part in kind.types} <= {part.name for part in theirs.types}
        return
    interfaces = {part.name for part in getattr(kind, "interfaces", ())}
    assert interfaces <= {part.name for part in getattr(theirs, "interfaces", ())}
    for member, ours in kind.fields.items():
        assert str(ours.type) == str(theirs.fields[member].type), member
        for argument, described in getattr(ours, "args", {}).items():
            assert str(described.type) == str(theirs.fields[member].args[argument].type), (member, argument)
        required = {n for n, a in getattr(theirs.fields[member], "args", {}).items() if str(a.type).endswith("!")}
        assert required <= set(getattr(ours, "args", {})), member


def test_the_demo_servers_schema_has_no_directive_of_its_own():
    assert len(build_schema(OWN).directives) == len(specified_directives)


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("{ repository(owner: 1) { id } }", "non string value"),
        ("{ repository(owner: \"x\", name: \"y\") { nosuch } }", "nosuch"),
        ("{ repository(owner: \"x\" name: \"y\") { id ", "Syntax Error"),
        (f'{{ repository(owner: "{ORG}", name: "nosuch") {{ id }} }}', "Could not resolve to a Repository"),
        (f'{{ repository(owner: "{ORG}", name: "api") {{ pullRequests {{ totalCount }} }} }}', "first"),
        (f'{{ repository(owner: "{ORG}", name: "api") {{ pullRequests(first: 101) {{ totalCount }} }} }}', "1 to 100"),
        (
            f"""{{ repository(owner: "{ORG}", name: "api") {{ pullRequests(first: 100) {{ nodes {{
            commits(first: 100) {{ nodes {{ commit {{ parents(first: 100) {{ totalCount }} }} }} }} }} }} }} }}""",
            "exceeds the maximum limit",
        ),
        ('{ node(id: "PR_0") { id } }', "Could not resolve to a node"),
        ("query($a: Int!) { node(id: \"PR_1\") { id } }", "$a"),
        ("fragment F on Repository { id } { node(id: \"PR_1\") { id } }", "F"),
    ],
)  # fmt: skip
def test_a_wrong_query_fails_as_at_github(query, said, endpoint):
    answer = ask(endpoint, query)
    assert said in answer["errors"][0]["message"]


def test_an_id_beyond_32_bits_is_served_as_github_does(endpoint):
    query = f"""{{ repository(owner: "{ORG}", name: "api") {{ pullRequests(first: 1) {{ nodes {{
        fullDatabaseId commits(last: 1) {{ nodes {{ commit {{ checkSuites(first: 1) {{ nodes {{
        checkRuns(first: 1) {{ nodes {{ databaseId }} }} }} }} }} }} }} }} }} }} }}"""
    pull = ask(endpoint, query)["data"]["repository"]["pullRequests"]["nodes"][0]
    assert pull["fullDatabaseId"] == "1"
    suite = pull["commits"]["nodes"][0]["commit"]["checkSuites"]["nodes"][0]
    assert suite["checkRuns"]["nodes"][0]["databaseId"] == 40_000_001_000


def test_a_document_carries_exactly_the_fragments_it_uses():
    assert "fragment" not in document("members_total")
    text = document("more_reviews")
    assert text.count("fragment ") == 2
    assert "CommitFields" not in text
