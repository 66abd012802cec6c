"""The parcels that a run of a platform without lists begins with."""

from __future__ import annotations

from .pages import Scope
from .sites import Site


def keys_to_start(site: Site, scope: Scope) -> tuple[str, ...]:
    """Return the scope's parcels, else those the site's ``start`` names, within the limit.

    ``parcels`` are looked up one by one; from ``first_keys`` (or ``first_key``) a walk may go on.
    """
    start = site.start
    named = start.get("parcels") or start.get("first_keys") or start.get("first_key") or ()
    own = (named,) if isinstance(named, str) else tuple(named)
    keys = scope.parcels or tuple(str(key) for key in own if key)
    return keys[: scope.limit] if scope.limit is not None else keys
