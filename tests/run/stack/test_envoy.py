"""Envoy as a part: a configuration from outside, checked before it is used."""

from __future__ import annotations

import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx2
import pytest

from taxlien.run.stack import Envoy, PartFailed, Program, Stack, Status

pytestmark = pytest.mark.stack

WEB = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "{port}")


def address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def configure(port: int, admin_port: int, upstreams: Mapping[str, int]) -> str:
    """Send everything to the program ``web``."""
    prefix = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{prefix}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "gateway",
        "http_filters": [
            {
                "name": "router",
                "typed_config": {"@type": f"{prefix}.http.router.v3.Router"},
            }
        ],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "web"}}],
                }
            ]
        },
    }
    endpoint = {"lb_endpoints": [{"endpoint": {"address": address(upstreams["web"])}}]}
    filters = [{"name": "http", "typed_config": manager}]
    return json.dumps(
        {
            "admin": {"address": address(admin_port)},
            "static_resources": {
                "listeners": [{"address": address(port), "filter_chains": [{"filters": filters}]}],
                "clusters": [
                    {
                        "name": "web",
                        "type": "STATIC",
                        "load_assignment": {"cluster_name": "web", "endpoints": [endpoint]},
                    }
                ],
            },
        }
    )


async def test_gateway_reaches_a_program_and_comes_back_when_killed(
    home: Path,
    make_stack: Callable[..., Stack],
    kill: Callable[[Stack, str], Awaitable[None]],
    status_of: Callable[[Stack, str], Status],
) -> None:
    stack = make_stack(home, [])
    await stack.start()
    await stack.start_program(Program("web", WEB, usual_port=0, ready_path="/"))
    await stack.start_part(Envoy(configure))
    url = stack.environment()["TAXLIEN_GATEWAY_URL"]
    async with httpx2.AsyncClient() as client:
        assert (await client.get(url)).status_code == 200
        await kill(stack, "envoy")
        assert (await client.get(url)).status_code == 200
    assert status_of(stack, "envoy").version.startswith("1.")


async def test_bad_configuration_is_refused_before_envoy_starts(
    home: Path, make_stack: Callable[..., Stack]
) -> None:
    stack = make_stack(home, [])
    await stack.start()
    with pytest.raises(PartFailed, match=r"(?s)refuses its configuration.*static_sauces"):
        await stack.start_part(Envoy(lambda *_: '{"static_sauces": {}}'))


async def test_two_stacks_have_an_envoy_each(home: Path, make_stack: Callable[..., Stack]) -> None:
    urls = set()
    for name in ("one", "two"):
        stack = make_stack(home.parent / name, [])
        await stack.start()
        await stack.start_program(Program("web", WEB, usual_port=0, ready_path="/"))
        await stack.start_part(Envoy(configure))
        urls.add(stack.environment()["TAXLIEN_GATEWAY_URL"])
    async with httpx2.AsyncClient() as client:
        assert [(await client.get(url)).status_code for url in sorted(urls)] == [200, 200]
