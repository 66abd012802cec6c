"""What the API description says of access tokens: which operations need one, as the policy has it."""

from __future__ import annotations

import re
from typing import Any

from taxlien.kit.security.identity import ROLES
from taxlien.kit.security.policy import ANYONE, OWN, SERVICE, SIGNED_IN, Policy, Rule

Json = dict[str, Any]

SCHEME = "bearer"
_CONVERTER = re.compile(r":[a-z]+\}")

_SCHEME: Json = {
    "type": "http",
    "scheme": "bearer",
    "bearerFormat": "JWT",
    "description": "An access token: `POST /v1/auth/login` gives one for fifteen minutes.",
}


def secure(document: Json, policy: Policy) -> Json:
    """Say in ``document`` (in place) which operations need a token, and whose. What no line of ``policy``
    allows needs one: nobody gets in without."""
    document.setdefault("components", {}).setdefault("securitySchemes", {})[SCHEME] = _SCHEME
    rules = {(rule.method, _plain(rule.path)): rule for rule in policy}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            rule = rules.get((method.upper(), path))
            if rule is not None and not rule.who.isdisjoint((ANYONE, SERVICE)):
                operation["security"] = []
            else:
                operation["security"] = [{SCHEME: []}]
                operation["x-allowed"] = _allowed(rule)
    return document


def _plain(path: str) -> str:
    """Return a path template as OpenAPI writes it: ``{lien_id}`` for ``{lien_id:uuid}``."""
    return _CONVERTER.sub("}", path)


def _allowed(rule: Rule | None) -> list[str]:
    who = rule.who if rule is not None else frozenset[str]()
    return [word for word in (SIGNED_IN, OWN, *ROLES) if word in who]
