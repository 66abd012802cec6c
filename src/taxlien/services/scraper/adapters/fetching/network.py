"""Which addresses a site may have: those of the internet, or of this machine for the simulator."""

from __future__ import annotations

from ipaddress import ip_address

from taxlien.kit.http import guarded_network
from taxlien.kit.http.guarded_network import Resolve, is_public, resolve

from .outcomes import Refused

__all__ = ["GuardedNetwork", "Resolve", "is_public", "resolve"]


class GuardedNetwork(guarded_network.GuardedNetwork):
    """Opens connections for one kind of site. Raises ``Refused`` where an address is not fit."""

    def __init__(self, *, loopback: bool, look_up: Resolve = resolve) -> None:
        super().__init__(_must_be_loopback if loopback else _must_be_public, look_up=look_up)


def _must_be_loopback(host: str, address: str) -> None:
    if not ip_address(address.partition("%")[0]).is_loopback:
        raise Refused(f"{host} is not on this machine")


def _must_be_public(host: str, address: str) -> None:
    if not is_public(address):
        raise Refused(f"{host} leads to an address that is not public")
