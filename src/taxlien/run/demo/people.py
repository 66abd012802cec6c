"""Two people to try the product as: an investor and an admin, with passwords made for this home alone."""

from __future__ import annotations

from typing import NamedTuple


class DemoAccount(NamedTuple):
    """One of them. ``secret`` names the password among the secrets of the home."""

    email: str
    roles: tuple[str, ...]
    secret: str


DEMO_ACCOUNTS = (
    DemoAccount("investor@demo.taxlien.online", ("investor",), "demo_investor_password"),
    DemoAccount("admin@demo.taxlien.online", ("admin",), "demo_admin_password"),
)
