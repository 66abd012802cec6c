"""Whatever a signed-in user or an admin sends to any address of users, the answer is never a 5xx."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx2
import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode

LIMITS = hypothesis.settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def cases_of(document: dict[str, Any]) -> list[schemathesis.Case]:
    """Valid and invalid requests to every address that the document describes."""
    cases: list[schemathesis.Case] = []
    for result in schemathesis.openapi.from_dict(document).get_all_operations():
        for mode in MODES:
            try:
                requests = result.ok().as_strategy(generation_mode=mode)
                LIMITS(hypothesis.given(case=requests)(lambda case: cases.append(case)))()
            except hypothesis.errors.Unsatisfiable:
                assert mode is GenerationMode.NEGATIVE
    return cases


@pytest.mark.parametrize("role", ["investor", "admin"])
async def test_no_request_is_answered_with_a_server_error(
    people: Any, app_client: Callable[..., httpx2.AsyncClient], role: str
) -> None:
    document = people.app.openapi()
    document = document | {
        "paths": {p: m for p, m in document["paths"].items() if p.startswith("/v1/users")}
    }
    client = app_client(await people.sign_up(), role)
    broken, statuses = [], set()
    cases = cases_of(document)
    assert len(cases) > 200
    for case in cases:
        sent = case.as_transport_kwargs(base_url="http://users")
        wanted = {name: value for name, value in sent["headers"].items() if value}
        answer = await client.request(
            sent["method"],
            sent["url"],
            params=sent.get("params"),
            headers={n: v for n, v in wanted.items() if v.isascii()},
            **({"json": sent["json"]} if "json" in sent else {"content": sent.get("data")}),
        )
        statuses.add(answer.status_code)
        if answer.status_code >= 500:
            broken.append((case.as_curl_command(), answer.text))
    assert broken == []
    assert {200, 404, 422} <= statuses, "requests got past the doors and were refused behind them"
