"""The policy: unlisted means refused, own means one's own, and nobody is believed without the gateway."""

from __future__ import annotations

from uuid import UUID, uuid4

import httpx2
import pytest
from fastapi import APIRouter

from taxlien.kit.http.app import create_app
from taxlien.kit.security.caller import CallerDep
from taxlien.kit.security.identity import ROLES
from taxlien.kit.security.policy import Policy, PolicyError

SECRET = "s" * 32
TABLE = """
GET  /open            anyone
GET  /mine            signed_in
GET  /users/{user_id} own support
PUT  /users/{user_id} own          # support may look, not touch
POST /power           admin
GET  /health service
"""
router = APIRouter()


@router.get("/open")
@router.get("/unlisted")
@router.get("/users/{user_id}")
@router.put("/users/{user_id}")
@router.post("/power")
async def answer() -> str:
    return "in"


@router.get("/mine")
async def name(caller: CallerDep) -> dict[str, object]:
    return {"user": caller.user_id, "session": caller.session_id, "tier": caller.tier}


@pytest.fixture
def client() -> httpx2.AsyncClient:
    app = create_app(title="t", routers=[router], gateway_secret=SECRET, policy=Policy.parse(TABLE))
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://app")


def said(user: UUID, *roles: str, secret: str = SECRET) -> dict[str, str]:
    return {"x-user-id": str(user), "x-roles": ",".join(roles), "x-gateway-secret": secret}


@pytest.mark.parametrize("role", ["", *ROLES])
@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/open", {"", *ROLES}),
        ("GET", "/mine", {"", *ROLES}),
        ("GET", "/users/{own}", {"", *ROLES}),
        ("GET", "/users/{other}", {"support"}),
        ("PUT", "/users/{other}", set()),
        ("PUT", "/users/{own}", {"", *ROLES}),
        ("POST", "/power", {"admin"}),
        ("GET", "/unlisted", set()),
        ("GET", "/health", {"", *ROLES}),
    ],
)
async def test_each_role_gets_what_the_table_says(
    client: httpx2.AsyncClient, method: str, path: str, allowed: set[str], role: str
) -> None:
    user = uuid4()
    url = path.format(own=user, other=uuid4())
    answer = await client.request(method, url, headers=said(user, role))
    assert answer.status_code == (200 if role in allowed else 403)


@pytest.mark.parametrize(("path", "status"), [("/open", 200), ("/mine", 401), ("/unlisted", 403)])
async def test_strangers_are_asked_to_sign_in_where_that_helps(
    client: httpx2.AsyncClient, path: str, status: int
) -> None:
    assert (await client.get(path)).status_code == status


@pytest.mark.parametrize("secret", ["", "s" * 31, "S" * 32, "ſ" * 16])
async def test_without_the_gateways_secret_nobody_is_believed(
    client: httpx2.AsyncClient, secret: str
) -> None:
    headers = {k: v.encode() for k, v in said(uuid4(), "admin", secret=secret).items()}
    answer = await client.post("/power", headers=headers)
    assert answer.status_code == 401


async def test_an_app_without_a_secret_believes_nobody() -> None:
    app = create_app(title="t", routers=[router], policy=Policy.parse(TABLE))
    transport = httpx2.ASGITransport(app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://app") as client:
        answer = await client.get("/mine", headers=said(uuid4(), secret=""))
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "line",
    ["GET /x", "GET x anyone", "LOOK /x anyone", "GET /x everybody", "GET /x own",
     "GET /x anyone\nGET /x admin"],
)  # fmt: skip
def test_a_table_that_says_nonsense_is_refused(line: str) -> None:
    with pytest.raises(PolicyError, match="line"):
        Policy.parse(line)
