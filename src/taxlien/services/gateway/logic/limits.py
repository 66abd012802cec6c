"""How often one may ask: the table of quotas, who they count for, and how answers speak of them."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import NamedTuple

from taxlien.services.gateway.logic.routes import LimitClass

_WRITTEN = re.compile(r"([1-9][0-9]{0,8})/([1-9][0-9]{0,4})")
_IPV6_NETWORK = 64  # what one household or server is given: counting single addresses counts nobody
UNKNOWN = "unknown"


class Limit(NamedTuple):
    """At most ``requests`` in any ``seconds``."""

    requests: int
    seconds: int

    @classmethod
    def parse(cls, text: str) -> Limit:
        """Read ``600/60``: requests, then seconds. Raises ``ValueError``."""
        found = _WRITTEN.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is not requests/seconds, such as 600/60")
        return cls(int(found[1]), int(found[2]))


# One line a quota. Tiers are counted by user, ``anonymous`` and ``sign_in`` by address, ``light`` by either.
# What a tier has is also said at /v1/users/tiers.
LIMITS: Mapping[str, Limit] = {
    "anonymous": Limit(600, 60),
    "free": Limit(600, 60),
    "premium": Limit(3_000, 60),
    "enterprise": Limit(12_000, 60),
    # what costs the services most: batches of a thousand payoffs
    "costly-anonymous": Limit(60, 60),
    "costly-free": Limit(120, 60),
    "costly-premium": Limit(600, 60),
    "costly-enterprise": Limit(2_400, 60),
    # what comes in swarms and costs little: pages with their files, an address while it is typed
    "light": Limit(3_000, 60),
    # where a guess could be right, or a mail goes out; auth counts failures by account besides
    "sign_in": Limit(30, 60),
    # what each gateway grants one address by itself while nothing can be counted
    "floor": Limit(3_000, 60),
}

_TIERS = frozenset({"free", "premium", "enterprise"})


class Quota(NamedTuple):
    """What a request counts against: the name of a limit, and whose it is."""

    name: str
    holder: str

    @property
    def key(self) -> str:
        """The name of its count."""
        return f"limit:{self.name}:{self.holder}"


def quota_of(kind: LimitClass, *, user_id: str, tier: str, address: str) -> Quota:
    """Return the quota of a request. An unknown tier has the limits of ``free``."""
    if kind == "sign_in":
        return Quota("sign_in", network_of(address))
    if kind == "light":
        return Quota("light", user_id or network_of(address))
    prefix = "costly-" if kind == "costly" else ""
    if not user_id:
        return Quota(f"{prefix}anonymous", network_of(address))
    return Quota(f"{prefix}{tier if tier in _TIERS else 'free'}", user_id)


def network_of(address: str) -> str:
    """Return whom an address counts as: IPv4 itself, IPv6 its /64 network."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return UNKNOWN
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.ip_network((found, _IPV6_NETWORK), strict=False))


class Verdict(NamedTuple):
    """Whether a request counts in; ``remaining`` afterwards; ``wait_ms`` until there is more."""

    allowed: bool
    remaining: int
    wait_ms: int


def headers_of(name: str, limit: Limit, verdict: Verdict) -> list[tuple[bytes, bytes]]:
    """Return what an answer says: ``RateLimit`` and ``RateLimit-Policy`` as the IETF draft has them, the
    three fields of its older versions, which most clients still read, and ``Retry-After`` on a refusal.
    """
    wait = max(1, -(-verdict.wait_ms // 1000))
    pairs = {
        "ratelimit-policy": f'"{name}";q={limit.requests};w={limit.seconds}',
        "ratelimit": f'"{name}";r={verdict.remaining};t={wait}',
        "ratelimit-limit": str(limit.requests),
        "ratelimit-remaining": str(verdict.remaining),
        "ratelimit-reset": str(wait),
    }
    if not verdict.allowed:
        pairs["retry-after"] = str(wait)
    return [(key.encode(), value.encode()) for key, value in pairs.items()]


def with_overrides(overrides: Mapping[str, str]) -> dict[str, Limit]:
    """Return the table with some lines replaced. Raises ``ValueError`` for an unknown name or limit."""
    unknown = sorted(set(overrides) - set(LIMITS))
    if unknown:
        raise ValueError(f"there is no limit {', '.join(unknown)}; there are {', '.join(LIMITS)}")
    return {**LIMITS, **{name: Limit.parse(text) for name, text in overrides.items()}}
