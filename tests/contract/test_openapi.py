"""Whoever asks whatever of any documented endpoint: never a 5xx, and never another person's data."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx2
import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode

from product_runner import RunningProduct
from taxlien.kit.reference import reference_text
from taxlien.kit.security.policy import Policy

# the fixture's ``Cast``; test modules cannot import their conftest
Cast = Any

EXAMPLES = {GenerationMode.POSITIVE: 6, GenerationMode.NEGATIVE: 4}
MORE_EXAMPLES = 16  # for what strangers may call, who get no further anywhere else
AT_ONCE = 12
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
WHO = {
    (rule.method, _PLACE.sub(r"{\1}", rule.path)): rule.who
    for rule in Policy.parse(reference_text("policy.txt"))
}
# These end the caller's own sign-in, after which all is 401: they come when all else was asked.
LAST = {("POST", "/v1/auth/logout"), ("POST", "/v1/auth/logout-all")}
# The admin comes last: ``disable`` and ``roles`` change A's account, from which others must be kept by more than that.
CALLERS = ("anonymous", "B", "data_customer", "developer", "support", "admin")
# What a role that the policy names for an address may see there of another person.
SHOWN = {
    "support": {"name", "e-mail", "phone"},
    "admin": {"name", "e-mail", "phone", "legal name", "birth date", "document"}
    | {"last four of the tax number"},
}


class Ask(NamedTuple):
    """A request that somebody may send: to which operation, and what httpx2 is told."""

    method: str
    template: str
    sent: dict[str, Any]


@pytest.fixture(scope="module")
def asks(cast: Cast) -> list[Ask]:
    """Valid and invalid requests to every operation; where an id is asked for, A's beside random ones."""
    schema = schemathesis.openapi.from_url(f"{cast.product.http.base_url}/openapi.json")
    found: list[Ask] = []
    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in EXAMPLES:
            for case in examples(operation, mode):
                found += requests_of(case, cast.ids)
    found.sort(key=lambda ask: (ask.method, ask.template) in LAST)
    return found


def examples(operation: Any, mode: GenerationMode) -> list[schemathesis.Case]:
    """Return the same cases in every run."""
    open_to_all = "anyone" in WHO[operation.method.upper(), operation.path]
    found: list[schemathesis.Case] = []
    limits = hypothesis.settings(
        max_examples=MORE_EXAMPLES if open_to_all else EXAMPLES[mode],
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.explicit, hypothesis.Phase.generate],
    )
    try:
        requests = operation.as_strategy(generation_mode=mode)
        limits(hypothesis.given(case=requests)(lambda case: found.append(case)))()
    except hypothesis.errors.Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, f"no valid request can be made: {operation.label}"
    return found


def requests_of(case: schemathesis.Case, ids: dict[str, str]) -> Iterator[Ask]:
    """Yield the case, and the same with the ids that belong to A."""
    yield asked(case)
    places = [case.path_parameters, case.query, case.body]
    hit = False
    for place in (place for place in places if isinstance(place, dict)):
        named = {name: ids[name] for name in place if name in ids}
        place.update(named)
        hit = hit or bool(named)
    if hit:
        yield asked(case)


def asked(case: schemathesis.Case) -> Ask:
    sent = dict(case.as_transport_kwargs(base_url="http://product"))
    body = {"json": sent["json"]} if "json" in sent else {"content": sent.get("data")}
    headers = {
        name: value
        for name, value in (sent.get("headers") or {}).items()
        if isinstance(value, str) and value.isascii() and value.isprintable()
        if name.lower() not in ("authorization", "user-agent")
    }
    url = sent["url"].removeprefix("http://product")
    return Ask(
        case.method.upper(),
        case.operation.path,
        {"url": url, "params": sent.get("params"), "headers": headers, **body},
    )


async def answers(cast: Cast, caller: str, asks: list[Ask]) -> list[httpx2.Response]:
    """Ask everything as one caller, several at a time; what ends the sign-in waits for the rest."""
    token = cast.tokens[caller]
    headers = {"authorization": f"Bearer {token}"} if token else {}
    turn = asyncio.Semaphore(AT_ONCE)

    async def ask(one: Ask) -> httpx2.Response:
        async with turn:
            return await client.request(one.method, **one.sent)

    ends = [(one.method, one.template) in LAST for one in asks]
    first = ends.index(True)
    url = cast.product.http.base_url
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        found = await asyncio.gather(*map(ask, asks[:first]))
        return found + [await ask(one) for one in asks[first:]]


def seen(cast: Cast, answer: httpx2.Response) -> set[str]:
    """Return which of A's marks an answer shows, in its head or its body."""
    text = f"{answer.headers} {answer.content.decode(errors='replace')}".lower()
    return {name for name, mark in cast.marks.items() if mark.lower() in text}


def test_the_marks_of_a_person_are_found_where_they_are(cast: Cast) -> None:
    """Without this, nothing would be found below because nothing is there."""
    found: set[str] = set()
    with cast.client("A") as client:
        for path in ("users/me", "users/me/kyc", "users/me/tax-residency", "auth/devices"):
            found |= seen(cast, client.get(f"/v1/{path}"))
    with cast.client("admin") as client:
        path = f"/v1/users/{cast.ids['user_id']}/kyc/documents/{cast.ids['document_id']}"
        found |= seen(cast, client.get(path))
    assert found == set(cast.marks) - {"tax number", "tax number as typed"}


@pytest.mark.parametrize("caller", CALLERS)
async def test_no_server_error_and_nothing_of_another_person(
    cast: Cast, asks: list[Ask], caller: str
) -> None:
    assert len({(ask.method, ask.template) for ask in asks}) >= 90
    wrong: list[str] = []
    statuses: set[int] = set()
    shown: set[str] = set()
    for ask, answer in zip(asks, await answers(cast, caller, asks), strict=True):
        statuses.add(answer.status_code)
        line = f"{ask.method} {ask.sent} -> {answer.status_code} {answer.text[:300]}"
        if answer.status_code >= 500:
            wrong.append(f"server error: {line}")
        elif answer.status_code >= 400:
            kind = answer.headers.get("content-type", "")
            if not kind.startswith("application/problem+json"):
                wrong.append(f"a refusal of another shape: {kind}: {line}")
        named = caller in WHO[ask.method, ask.template]
        found = seen(cast, answer)
        shown |= found
        if leaked := found - (SHOWN.get(caller, set()) if named else set()):
            wrong.append(f"shows A's {sorted(leaked)}: {line}")
    assert wrong == []
    assert 200 in statuses
    if caller != "anonymous":
        assert {404, 422} <= statuses, "requests got past the doors and were refused behind them"
    assert {"name", "e-mail", "phone"} <= shown or caller not in SHOWN, "A's ids were not asked for"


def test_the_merged_description_covers_every_service(product: RunningProduct) -> None:
    document = product.get("/openapi.json")
    paths = set(document["paths"])
    assert {"/v1/search", "/v1/search/autocomplete", "/v1/search/filters"} <= paths
    assert {"/v1/liens/payoff", "/v1/liens/rules", "/v1/liens/rules/{state}"} <= paths
    assert {"/v1/auth/login", "/v1/users/me", "/v1/users/{user_id}"} <= paths
    assert not [path for path in paths if path.startswith("/internal")]
