"""The policy is the whole truth: every endpoint has its line, and each caller gets what the line says.

The table below is made from ``data/policy.txt`` and the composed app; a new service is in it by itself.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from psycopg import sql

from recycled_databases import drop
from taxlien.kit.http.app import DESCRIPTION_PATH
from taxlien.kit.migrations import prepare_service, upgrade
from taxlien.kit.reference import reference_text
from taxlien.kit.security.identity import ROLES
from taxlien.kit.security.policy import ANYONE, OWN, SERVICE, SIGNED_IN, Policy, Rule
from taxlien.kit.settings import KitSettings
from taxlien.run import registry
from taxlien.run.application import compose
from taxlien.services.gateway.logic.limits import LIMITS
from taxlien.services.gateway.logic.routes import PREVIEW_ROUTES, ROUTES, is_public, matching

RULES = tuple(Policy.parse(reference_text("policy.txt")))
USER_ID = "{user_id}"
_PLACE = re.compile(r"\{(\w+)(?::\w+)?\}")
AT_ONCE = 8


class Asking(NamedTuple):
    """Somebody who calls: nobody (``user_id`` None), or a user with at most one role."""

    user_id: UUID | None
    role: str = ""


class Case(NamedTuple):
    """One call: who asks for what, whether ``{user_id}`` is theirs, and what the line says of it."""

    rule: Rule
    asking: Asking
    own: bool

    @property
    def expected(self) -> str:
        """``pass``, ``sign in`` or ``refuse``, from the words of the line alone."""
        who = self.rule.who
        if ANYONE in who or SERVICE in who:
            return "pass"
        if self.asking.user_id is None:
            return "sign in"
        allowed = SIGNED_IN in who or self.asking.role in who or (OWN in who and self.own)
        return "pass" if allowed else "refuse"

    @property
    def path(self) -> str:
        owner = self.asking.user_id if self.own else uuid4()
        return _PLACE.sub(
            lambda place: str(owner if place[1] == "user_id" else uuid4()), self.rule.path
        )

    def __str__(self) -> str:
        caller = "anonymous" if self.asking.user_id is None else self.asking.role or "no role"
        return f"{self.rule.method} {self.rule.path} by {caller}{', own' if self.own else ''}"


def cases(rule: Rule) -> Iterator[Case]:
    yield Case(rule, Asking(None), own=False)
    for role in ("", *ROLES):
        yield Case(rule, Asking(uuid4(), role), own=False)
        if USER_ID in rule.path:
            yield Case(rule, Asking(uuid4(), role), own=True)


@pytest.fixture(scope="module")
async def settings(
    kit_settings: KitSettings, stack_environment: dict[str, str]
) -> AsyncIterator[KitSettings]:
    """Settings of a product whose services are all migrated into one new database."""
    owner_url = kit_settings.require("database_url").replace("+psycopg", "")
    name = f"test_{uuid4().hex}"
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
        await owner.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    url = f"{owner_url.rpartition('/')[0]}/{name}"
    made = kit_settings.model_copy(update={"database_url": url})
    for service in filter(registry.has_tables, registry.service_names()):
        await prepare_service(url, service, made.database_password_for(service))
        await upgrade(made.database_url_for(service), service)
    with pytest.MonkeyPatch.context() as environment:
        for variable, value in {**stack_environment, "TAXLIEN_DATABASE_URL": url}.items():
            environment.setenv(variable, value)
        environment.setenv("TAXLIEN_AUTH_EVEN_ANSWER_MS", "0")
        yield made
    await drop(owner_url, name)


@pytest.fixture(scope="module")
async def app(settings: KitSettings) -> AsyncIterator[FastAPI]:
    """The product's own app: every service, with the policy."""
    composed = compose(registry.service_names(), settings)
    async with composed.router.lifespan_context(composed):
        yield composed


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncIterator[httpx2.AsyncClient]:
    transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://app") as client:
        yield client


def endpoints(app: FastAPI) -> list[tuple[str, str]]:
    """Method and path of every endpoint; the app's description of itself is FastAPI's own."""
    return [
        (method, str(route.path))
        for route in iter_route_contexts(app.routes)
        if route.path != DESCRIPTION_PATH
        for method in sorted(route.methods or ())
    ]


def test_every_endpoint_has_exactly_one_line_and_every_line_an_endpoint(app: FastAPI) -> None:
    found = endpoints(app)
    assert len(found) == len(set(found)), "an endpoint is defined twice"
    lines = {(rule.method, rule.path) for rule in RULES}
    assert set(found) - lines == set(), (
        "endpoints that nobody may call: the policy lacks their lines"
    )
    assert lines - set(found) == set(), "lines of the policy about nothing"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.method} {rule.path}")
async def test_each_caller_gets_what_the_line_says(
    client: httpx2.AsyncClient, settings: KitSettings, rule: Rule
) -> None:
    """Whether the request itself makes sense is another matter: 404, 409 and 422 were let through."""
    turn = asyncio.Semaphore(AT_ONCE)

    async def met(case: Case) -> str:
        async with turn:
            answer = await client.request(
                case.rule.method, case.path, headers=identity(case.asking, settings), json={}
            )
        assert answer.status_code < 500, f"{case}: {answer.status_code} {answer.text}"
        return verdict(answer)

    table = list(cases(rule))
    found = await asyncio.gather(*(met(case) for case in table))
    wrong = [
        f"{case}: {got}, not {case.expected}"
        for case, got in zip(table, found, strict=True)
        if got != case.expected
    ]
    assert wrong == []


def identity(asking: Asking, settings: KitSettings) -> dict[str, str]:
    """What the gateway sends for somebody who asks."""
    headers = {"x-gateway-secret": settings.require("gateway_secret")}
    if asking.user_id is not None:
        headers |= {
            "x-user-id": str(asking.user_id),
            "x-session-id": str(uuid4()),
            "x-tier": "free",
            "x-roles": asking.role,
        }
    return headers


def verdict(answer: httpx2.Response) -> str:
    """Tell the policy's own refusals from those of what lies behind it, such as a wrong password."""
    kind = answer.headers.get("content-type", "")
    problem: dict[str, Any] = answer.json() if kind == "application/problem+json" else {}
    if answer.status_code == 401 and problem["code"] == "sign_in_required":
        return "sign in"
    if answer.status_code == 403 and problem["detail"] == "Your roles do not allow this.":
        return "refuse"
    return "pass"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.method} {rule.path}")
def test_the_gateway_shows_what_people_may_call_and_hides_the_rest(rule: Rule) -> None:
    path = _PLACE.sub(lambda place: "0", rule.path)
    table = (*ROUTES, *PREVIEW_ROUTES)
    assert is_public(path, table) is (SERVICE not in rule.who)
    if SERVICE not in rule.who:
        route = matching(path, table)
        assert route is not None
        assert rule.method in route.methods, f"the gateway answers {rule.method} {path} with 405"


def test_previews_are_in_no_gateway_but_that_of_a_product_for_development() -> None:
    assert not is_public("/dev/notifications")


def test_what_an_app_says_of_itself_stays_inside() -> None:
    assert not is_public(DESCRIPTION_PATH)


def test_what_is_for_services_is_for_nobody_else() -> None:
    """No line says ``service`` beside people: such an endpoint would be open to whoever is inside."""
    mixed = [rule for rule in RULES if SERVICE in rule.who and len(rule.who) > 1]
    assert mixed == []


async def test_the_description_says_which_operations_need_a_token(
    client: httpx2.AsyncClient,
) -> None:
    document = (await client.get("/openapi.json")).json()
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    needs = {(rule.method, _PLACE.sub(r"{\1}", rule.path)): rule for rule in RULES}
    described = 0
    for path, item in document["paths"].items():
        for method, operation in item.items():
            rule = needs[method.upper(), path]
            open_to_all = ANYONE in rule.who
            assert operation["security"] == ([] if open_to_all else [{"bearer": []}]), path
            described += 1
    assert described >= 15


async def test_what_a_tier_is_told_to_have_is_what_it_has(client: httpx2.AsyncClient) -> None:
    tiers = (await client.get("/v1/users/tiers")).json()["tiers"]
    assert {tier["tier"]: tier["requests_per_minute"] for tier in tiers} == {
        name: LIMITS[name].requests for name in ("free", "premium", "enterprise")
    }
