"""Who may call what: a table people can read, asked before every endpoint. Unlisted means refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from fastapi import Request

from taxlien.kit.http.errors import Problem
from taxlien.kit.security.caller import caller_if_any, signed_in
from taxlien.kit.security.identity import ROLES, Caller

ANYONE = "anyone"  # signed in or not
SIGNED_IN = "signed_in"  # any user, whatever the roles
OWN = "own"  # the user that the path's {user_id} names
SERVICE = "service"  # only for services: the gateway answers 404

_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
_WORDS = frozenset({ANYONE, SIGNED_IN, OWN, SERVICE, *ROLES})


class PolicyError(ValueError):
    """The table does not say what it should; the message names the line."""


class Rule(NamedTuple):
    """One line: ``who`` are roles and the words above, any of which suffices."""

    method: str
    path: str
    who: frozenset[str]

    def allows(self, caller: Caller | None, owner: str | None) -> bool:
        """Say whether ``caller`` may; ``owner`` is the path's ``{user_id}``."""
        if not self.who.isdisjoint((ANYONE, SERVICE)):
            return True
        if caller is None:
            return False
        if SIGNED_IN in self.who or not self.who.isdisjoint(caller.roles):
            return True
        return OWN in self.who and owner == str(caller.user_id)


class Policy:
    """Rules by method and path template, as FastAPI writes it."""

    def __init__(self, rules: Mapping[tuple[str, str], Rule]) -> None:
        self._rules = dict(rules)

    @classmethod
    def parse(cls, text: str) -> Policy:
        """Read lines of ``METHOD path who...``; ``#`` begins a comment. Raises ``PolicyError``."""
        rules: dict[tuple[str, str], Rule] = {}
        for number, rule in _rules_of(text):
            key = rule.method, rule.path
            if key in rules:
                raise PolicyError(f"line {number} decides {rule.method} {rule.path} a second time")
            rules[key] = rule
        return cls(rules)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules.values())

    def rule_for(self, method: str, path: str) -> Rule | None:
        """Return the rule of an endpoint, or None: then nobody may."""
        return self._rules.get((method, path))

    async def authorise(self, request: Request) -> None:
        """Let the request pass, or raise ``Problem`` 401 (sign in) or 403 (not yours to do)."""
        path = getattr(request.scope.get("route"), "path", "")
        rule = self.rule_for(request.method, path)
        caller = caller_if_any()
        if rule is not None and rule.allows(caller, request.path_params.get("user_id")):
            return
        if rule is not None and caller is None:
            signed_in()
        raise Problem(403, "forbidden", "Your roles do not allow this.")


def _rules_of(text: str) -> Iterator[tuple[int, Rule]]:
    for number, line in enumerate(text.splitlines(), start=1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) < 3 or words[0] not in _METHODS or not words[1].startswith("/"):
            raise PolicyError(f"line {number} is not METHOD /path who")
        method, path, *who = words
        unknown = sorted(set(who) - _WORDS)
        if unknown:
            raise PolicyError(f"line {number} names {', '.join(unknown)}, which nobody is")
        if OWN in who and "{user_id}" not in path:
            raise PolicyError(f"line {number} says own, but its path has no {{user_id}}")
        yield number, Rule(method, path, frozenset(who))
