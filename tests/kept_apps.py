"""One application a router for all tests of a process: a new one works out every route's parameters again.

That took a third of the time of tests that ask a few times. A test brings its databases; nothing else of an
application is its own, and two tests of one process never run at once.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import APIRouter, FastAPI

from taxlien.kit.database import Database
from taxlien.kit.http.app import create_app
from taxlien.kit.reference import reference_text
from taxlien.kit.security.policy import Policy

# By the router's identity: each is one of a module, and lives as long as the process.
_made: dict[tuple[int, str | None], FastAPI] = {}


def kept_app(
    router: APIRouter, databases: Mapping[str, Database], *, gateway_secret: str | None = None
) -> FastAPI:
    """Return the application of ``router``, before these databases.

    With ``gateway_secret`` it believes a gateway that shows it, and the policy table decides who may call.
    """
    found = _made.get((id(router), gateway_secret))
    if found is None:
        policy = Policy.parse(reference_text("policy.txt")) if gateway_secret else None
        found = create_app(
            title="test", routers=[router], gateway_secret=gateway_secret, policy=policy
        )
        _made[id(router), gateway_secret] = found
    found.state.databases = dict(databases)
    return found
