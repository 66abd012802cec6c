"""One description out of many: nothing internal, nothing dangling, nothing confused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from taxlien.kit.security.policy import Policy
from taxlien.services.gateway.logic.openapi import PathClash, merge
from taxlien.services.gateway.logic.routes import is_public
from taxlien.services.gateway.logic.security import secure

Json = dict[str, Any]


def document(paths: Json, schemas: Json, tags: list[Json] | None = None) -> Json:
    return {
        "openapi": "3.1.0",
        "paths": paths,
        "components": {"schemas": schemas},
        "tags": tags or [],
    }


def get(schema: str, *, operation_id: str = "op", tag: str = "t") -> Json:
    content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
    return {
        "get": {
            "operationId": operation_id,
            "tags": [tag],
            "responses": {"200": {"description": "ok", "content": content}},
        }
    }


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for item in node:
            yield from references(item)


def schema_of(merged: Json, path: str) -> Json:
    content = merged["paths"][path]["get"]["responses"]["200"]["content"]
    name = content["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
    found: Json = merged["components"]["schemas"][name]
    return found


def test_paths_of_all_services_are_in_one_document() -> None:
    merged = merge(
        {
            "search": document({"/v1/search": get("A", tag="search")}, {"A": {"type": "string"}}),
            "liens": document({"/v1/liens": get("B", tag="liens")}, {"B": {"type": "object"}}),
        },
        shown=is_public,
    )
    assert list(merged["paths"]) == ["/v1/liens", "/v1/search"]
    assert merged["openapi"] == "3.1.0"
    assert [tag["name"] for tag in merged["tags"]] == ["liens", "search"]


def test_internal_paths_and_what_only_they_use_are_left_out() -> None:
    liens = document(
        {"/v1/liens": get("Shown"), "/internal/liens/export": get("Hidden")},
        {
            "Shown": {"properties": {"a": {"$ref": "#/components/schemas/Part"}}},
            "Part": {"type": "string"},
            "Hidden": {"properties": {"b": {"$ref": "#/components/schemas/Secret"}}},
            "Secret": {"type": "string"},
        },
    )
    merged = merge({"liens": liens}, shown=is_public)
    assert list(merged["paths"]) == ["/v1/liens"]
    assert set(merged["components"]["schemas"]) == {"Shown", "Part"}


def test_one_name_with_two_meanings_becomes_two_names() -> None:
    one, two = {"type": "string"}, {"type": "integer"}
    holder = {"properties": {"page": {"$ref": "#/components/schemas/Page"}}}
    merged = merge(
        {
            "liens": document({"/v1/liens": get("Holder")}, {"Page": one, "Holder": holder}),
            "search": document({"/v1/search": get("Holder")}, {"Page": two, "Holder": holder}),
        },
        shown=is_public,
    )
    schemas = merged["components"]["schemas"]
    assert set(schemas) == {"LiensPage", "LiensHolder", "SearchPage", "SearchHolder"}
    for path, meaning in (("/v1/liens", one), ("/v1/search", two)):
        part = schema_of(merged, path)["properties"]["page"]["$ref"].rsplit("/", 1)[1]
        assert schemas[part] == meaning


def test_one_name_with_one_meaning_stays_one() -> None:
    problem = {"type": "object"}
    merged = merge(
        {
            name: document({f"/v1/{name}": get("Problem")}, {"Problem": problem})
            for name in ("liens", "search")
        },
        shown=is_public,
    )
    assert merged["components"]["schemas"] == {"Problem": problem}


def test_schemas_that_contain_themselves_are_no_trouble() -> None:
    tree = {"properties": {"child": {"$ref": "#/components/schemas/Tree"}}}
    other = {"properties": {"child": {"$ref": "#/components/schemas/Tree"}}, "title": "other"}
    merged = merge(
        {
            "liens": document({"/v1/liens": get("Tree")}, {"Tree": tree}),
            "search": document({"/v1/search": get("Tree")}, {"Tree": other}),
        },
        shown=is_public,
    )
    assert set(merged["components"]["schemas"]) == {"LiensTree", "SearchTree"}


def test_no_reference_dangles_and_the_sources_stay_as_they_were() -> None:
    sources = {
        "liens": document({"/v1/liens": get("A")}, {"A": {"type": "string"}}),
        "search": document({"/v1/search": get("A")}, {"A": {"type": "integer"}}),
    }
    before = json.dumps(sources)
    merged = merge(sources, shown=is_public)
    for reference in references(merged):
        _, _, kind, name = reference.split("/")
        assert name in merged["components"][kind]
    assert json.dumps(sources) == before


def test_operation_ids_are_unique() -> None:
    merged = merge(
        {
            "liens": document({"/v1/liens/{lien_id}": get("A", operation_id="x")}, {"A": {}}),
            "search": document({"/v1/search": get("A", operation_id="x")}, {"A": {}}),
        },
        shown=is_public,
    )
    ids = [item["get"]["operationId"] for item in merged["paths"].values()]
    assert sorted(ids) == ["x", "x_get_v1_search"]


def test_two_services_that_describe_one_operation_are_an_error() -> None:
    one = document({"/v1/liens": get("A")}, {"A": {}})
    with pytest.raises(PathClash, match="GET /v1/liens"):
        merge({"liens": one, "search": one}, shown=is_public)


def test_operations_say_whether_they_need_a_token_and_whose() -> None:
    policy = Policy.parse("""
        GET /v1/liens                 anyone
        GET /v1/liens/{lien_id:uuid}  signed_in
        GET /v1/users/{user_id}       own support admin
    """)
    paths = {
        path: get("A")
        for path in ("/v1/liens", "/v1/liens/{lien_id}", "/v1/users/{user_id}", "/v1/new")
    }
    described = secure(merge({"app": document(paths, {"A": {}})}, shown=lambda _: True), policy)
    said = {path: item["get"].get("security") for path, item in described["paths"].items()}
    needs = [{"bearer": []}]
    assert said == {
        "/v1/liens": [],
        "/v1/liens/{lien_id}": needs,
        "/v1/new": needs,
        "/v1/users/{user_id}": needs,
    }
    allowed = {path: item["get"].get("x-allowed") for path, item in described["paths"].items()}
    assert allowed["/v1/users/{user_id}"] == ["own", "admin", "support"]
    assert allowed["/v1/new"] == []
    scheme = described["components"]["securitySchemes"]["bearer"]
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer")
