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

MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
# How many of each mode. Strangers get past the policy where all is open, an investor everywhere else, a role
# where it is named: there they ask everything, elsewhere the first of each mode, since the same lines answer.
OPEN_EXAMPLES, EXAMPLES = 4, 2
WITH_IDS = 2
AT_ONCE = 12
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
WHO = {
    (rule.method, _PLACE.sub(r"{\1}", rule.path)): rule.who
    for rule in Policy.parse(reference_text("policy.txt"))
}
# These end the caller's own sign-in, after which all is 401: they come when all else was asked.
LAST = (("POST", "/v1/auth/logout-all"), ("POST", "/v1/auth/logout"))
# The admin comes last, who may disable A's account: others must not be kept from A's data by that.
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
    first: bool
    sent: dict[str, Any]

    @property
    def who(self) -> frozenset[str]:
        return WHO[self.method, self.template]

    def is_for(self, caller: str) -> bool:
        """Tell whether this caller should send it."""
        role = {"anonymous": "anyone", "B": "signed_in"}.get(caller, caller)
        return self.first or role in self.who


@pytest.fixture(scope="module")
def asks(cast: Cast) -> list[Ask]:
    """Valid and invalid requests to every operation; where an id is asked for, A's beside random ones."""
    schema = schemathesis.openapi.from_url(f"{cast.product.http.base_url}/openapi.json")
    found: list[Ask] = []
    for result in schema.get_all_operations():
        for mode in MODES:
            for number, case in enumerate(examples(result.ok(), mode)):
                found.append(asked(case, first=number == 0))
                if number < WITH_IDS and name_ids(case, cast.ids):
                    found.append(asked(case, first=True))
    unlike = {repr(ask): ask for ask in found}.values()
    last = [ask for pair in LAST for ask in unlike if (ask.method, ask.template) == pair]
    return [ask for ask in unlike if (ask.method, ask.template) not in LAST] + last


def examples(operation: Any, mode: GenerationMode) -> list[schemathesis.Case]:
    """Return the same cases in every run."""
    is_open = "anyone" in WHO[operation.method.upper(), operation.path]
    found: list[schemathesis.Case] = []
    limits = hypothesis.settings(
        max_examples=OPEN_EXAMPLES if is_open else EXAMPLES,
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


def name_ids(case: schemathesis.Case, ids: dict[str, str]) -> bool:
    """Put A's ids where the case names any; tell whether it does."""
    places = [p for p in (case.path_parameters, case.query, case.body) if isinstance(p, dict)]
    for place in places:
        place.update({name: ids[name] for name in place if name in ids})
    return any(name in ids for place in places for name in place)


def asked(case: schemathesis.Case, *, first: bool) -> Ask:
    """Return what httpx2 is told to send the case, without a token."""
    sent = dict(case.as_transport_kwargs(base_url="http://product"))
    body = {"json": sent["json"]} if "json" in sent else {"content": sent.get("data")}
    headers = {
        name: value
        for name, value in (sent.get("headers") or {}).items()
        if isinstance(value, str) and value.isascii() and value.isprintable()
        if name.lower() not in ("authorization", "user-agent")
    }
    url = sent["url"].removeprefix("http://product")
    told = {"url": url, "params": sent.get("params"), "headers": headers, **body}
    return Ask(case.method.upper(), case.operation.path, first, told)


async def answers(cast: Cast, caller: str, asks: list[Ask]) -> list[httpx2.Response]:
    """Ask everything as one caller, several at a time; what ends the sign-in waits for the rest."""
    token = cast.tokens[caller]
    headers = {"authorization": f"Bearer {token}"} if token else {}
    turn = asyncio.Semaphore(AT_ONCE)

    async def ask(one: Ask) -> httpx2.Response:
        async with turn:
            return await client.request(one.method, **one.sent)

    ends = [(one.method, one.template) in LAST for one in asks].index(True)
    url = cast.product.http.base_url
    async with httpx2.AsyncClient(base_url=url, headers=headers, timeout=30) as client:
        found = await asyncio.gather(*map(ask, asks[:ends]))
        return found + [await ask(one) for one in asks[ends:]]


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
    mine = [ask for ask in asks if ask.is_for(caller)]
    assert len({(ask.method, ask.template) for ask in mine}) >= 90, "every operation is asked"
    wrong: list[str] = []
    statuses: set[int] = set()
    shown: set[str] = set()
    for ask, answer in zip(mine, await answers(cast, caller, mine), strict=True):
        statuses.add(answer.status_code)
        found = seen(cast, answer)
        shown |= found
        wrong += [
            f"{fault}: {ask.method} {ask.sent} -> {answer.status_code} {answer.text[:300]}"
            for fault in faults(answer, found - may_see(caller, ask))
        ]
    assert wrong == []
    assert 200 in statuses
    assert {404, 422} <= statuses, "requests got past the doors and were refused behind them"
    assert {"name", "e-mail", "phone"} <= shown or caller not in SHOWN, "A's ids were not asked for"


def faults(answer: httpx2.Response, leaked: set[str]) -> Iterator[str]:
    """Yield what is wrong with an answer."""
    if answer.status_code >= 500:
        yield "a server error"
    kind = answer.headers.get("content-type", "")
    if answer.status_code >= 400 and not kind.startswith("application/problem+json"):
        yield f"a refusal of the shape {kind!r}"
    if leaked:
        yield f"A's {', '.join(sorted(leaked))} shown"


def may_see(caller: str, ask: Ask) -> set[str]:
    """Return what of A may be shown: only where the policy names the caller's role itself."""
    return SHOWN.get(caller, set()) if caller in ask.who else set()


def test_the_merged_description_covers_every_service(product: RunningProduct) -> None:
    document = product.get("/openapi.json")
    paths = set(document["paths"])
    assert {"/v1/search", "/v1/search/autocomplete", "/v1/search/filters"} <= paths
    assert {"/v1/liens/payoff", "/v1/liens/rules", "/v1/liens/rules/{state}"} <= paths
    assert {"/v1/auth/login", "/v1/users/me", "/v1/users/{user_id}"} <= paths
    assert not [path for path in paths if path.startswith("/internal")]


def test_no_body_takes_a_field_that_is_not_named(product: RunningProduct) -> None:
    """Nothing can be assigned that nobody thought of: every body of accounts and people is closed."""
    document = product.get("/openapi.json")
    schemas = document["components"]["schemas"]
    bodies = {
        f"{method} {path}": content["schema"]
        for path, item in document["paths"].items()
        if path.startswith(("/v1/auth/", "/v1/users/"))
        for method, operation in item.items()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    }
    assert len(bodies) >= 25
    assert {name: schema for name, schema in bodies.items() if open_parts(schema, schemas)} == {}


def open_parts(schema: dict[str, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the objects of a body that say no end of their fields."""
    if "$ref" in schema:
        return open_parts(schemas[schema["$ref"].rpartition("/")[2]], schemas)
    parts = [part for kind in ("anyOf", "oneOf", "allOf") for part in schema.get(kind, ())]
    parts += [*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])]
    is_open = "properties" in schema and schema.get("additionalProperties") is not False
    return [schema] * is_open + [found for part in parts for found in open_parts(part, schemas)]
