"""GitHub's GraphQL API over the demo store, by graphql-core: a wrong query fails here as it does at GitHub.

Besides the schema's own rules: every connection needs `first` or `last` between 1 and 100, and one query may ask for
500,000 nodes at most (GitHub's documentation, "Rate limits and query limits for the GraphQL API").
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from typing import Any

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    build_schema,
    execute_sync,
    get_named_type,
    parse,
    validate,
)

from ingestion.demo.server import Request, Response
from ingestion.demo.server.github_resolvers import RESOLVERS, Index, View, field_of, type_of
from ingestion.demo.store import Store

NODE_LIMIT = 500_000
PAGE_LIMIT = 100


class GraphqlApi:
    """The endpoint.

    Args:
        store: What GitHub holds.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.schema = schema()
        self._documents: dict[str, DocumentNode | list[GraphQLError]] = {}
        self._sizes: set[tuple[str, tuple[tuple[str, Any], ...]]] = set()
        self._index: tuple[datetime | None, Index] = (None, Index())

    def answer(self, request: Request) -> Response:
        """Execute one query."""
        body = request.json()
        document = self._document(body["query"])
        if isinstance(document, list):
            return Response(json={"errors": [_shown(error) for error in document]})
        variables = body.get("variables") or {}
        refused = self._too_large(body["query"], document, variables)
        if refused is not None:
            return Response(json={"errors": [refused]})
        if self._index[0] != request.clock:
            self._index = (request.clock, Index())
        view = View(self.store, request.clock, request, self._index[1])
        result = execute_sync(
            self.schema, document, variable_values=variables, operation_name=body.get("operationName"),
            context_value=view, field_resolver=field_of,
        )  # fmt: skip
        shown: dict[str, Any] = {"data": result.data}
        if result.errors:
            shown["errors"] = [_shown(error) for error in result.errors]
        return Response(json=shown)

    def _document(self, text: str) -> DocumentNode | list[GraphQLError]:
        known = self._documents.get(text)
        if known is None:
            try:
                document = parse(text)
            except GraphQLError as error:
                known = [error]
            else:
                known = validate(self.schema, document) or document
            self._documents[text] = known
        return known

    def _too_large(self, text: str, document: DocumentNode, variables: Mapping[str, Any]) -> dict[str, Any] | None:
        sizes = tuple(sorted((name, value) for name, value in variables.items() if isinstance(value, int)))
        if (text, sizes) in self._sizes:
            return None
        try:
            nodes = count_nodes(self.schema, document, variables)
        except ValueError as error:
            return {"type": "EXCESSIVE_PAGINATION", "message": str(error)}
        if nodes > NODE_LIMIT:
            return {
                "type": "MAX_NODE_LIMIT_EXCEEDED",
                "message": f"This query requests up to {nodes:,} possible nodes which exceeds the maximum limit of "
                f"{NODE_LIMIT:,}.",
            }
        self._sizes.add((text, sizes))
        return None


def _shown(error: GraphQLError) -> dict[str, Any]:
    """An error as GitHub writes it: the type beside the message."""
    formatted: dict[str, Any] = dict(error.formatted)
    return {**(formatted.pop("extensions", None) or {}), **formatted}


def count_nodes(schema: GraphQLSchema, document: DocumentNode, variables: Mapping[str, Any]) -> int:
    """Nodes which a query may return: page sizes multiplied down the tree.

    Args:
        schema: Tells which fields are connections.
        document: One operation and its fragments.
        variables: Values of page sizes.

    Raises:
        ValueError: A connection without `first` or `last`, or with one outside 1 to 100.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}

    def walk(selections: SelectionSetNode, parent: Any) -> int:
        total = 0
        for node in selections.selections:
            if isinstance(node, FragmentSpreadNode):
                fragment = fragments[node.name.value]
                total += walk(fragment.selection_set, schema.type_map[fragment.type_condition.name.value])
            elif isinstance(node, InlineFragmentNode):
                condition = node.type_condition
                total += walk(node.selection_set, schema.type_map[condition.name.value] if condition else parent)
            elif isinstance(node, FieldNode) and node.selection_set:
                inner = get_named_type(parent.fields[node.name.value].type)
                below = walk(node.selection_set, inner)
                times = _page_size(node, variables) if inner.name.endswith("Connection") else 0
                total += times + times * below if times else below
        return total

    operation = next(node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return walk(operation.selection_set, schema.query_type)


def _page_size(node: FieldNode, variables: Mapping[str, Any]) -> int:
    for argument in node.arguments:
        if argument.name.value in ("first", "last"):
            value = argument.value
            if isinstance(value, VariableNode):
                number = variables.get(value.name.value)
            else:
                number = int(value.value) if isinstance(value, IntValueNode) else None
            if isinstance(number, int) and 1 <= number <= PAGE_LIMIT:
                return number
            raise ValueError(f"`{node.name.value}` takes 1 to {PAGE_LIMIT} records, not {number}.")
    raise ValueError(f"You must provide a `first` or `last` value to properly paginate `{node.name.value}`.")


@lru_cache(maxsize=1)
def schema() -> GraphQLSchema:
    """The schema with its resolvers; `databaseId` holds more than 32 bits, as GitHub's does against its own schema."""
    text = files("ingestion.demo.server").joinpath("github.graphql").read_text(encoding="utf-8")
    built = build_schema(text)
    large = GraphQLScalarType("LargeInt", serialize=int)
    for kind in built.type_map.values():
        database_id = getattr(kind, "fields", {}).get("databaseId")
        if database_id is not None:
            database_id.type = large
    for place, resolver in RESOLVERS.items():
        name, _, member = place.partition(".")
        built.type_map[name].fields[member].resolve = resolver  # type: ignore[attr-defined]
    for name in ("Actor", "PullRequestTimelineItems", "Node", "GitObject"):
        built.type_map[name].resolve_type = type_of  # type: ignore[attr-defined]
    return built
