"""Whatever a stranger sends to any documented endpoint, the product answers, and never with a 5xx."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis

from product_runner import RunningProduct, start_product, stop_product

pytestmark = pytest.mark.xdist_group("contract")

EXAMPLES = 25


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    running = start_product(tmp_path_factory.mktemp("contract") / "home")
    yield running
    stop_product(running)


@pytest.fixture(scope="module")
def api(product: RunningProduct) -> Any:
    """The merged description, as the gateway serves it."""
    return schemathesis.openapi.from_url(f"{product.http.base_url}/openapi.json")


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@hypothesis.settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
def test_no_request_is_answered_with_a_server_error(case: schemathesis.Case) -> None:
    response = case.call()
    assert response.status_code < 500, f"{case.as_curl_command()}\n{response.text}"
    if response.status_code >= 400:
        assert response.headers["content-type"][0].startswith("application/problem+json")


def test_the_merged_description_covers_every_service(product: RunningProduct) -> None:
    document = product.get("/openapi.json")
    paths = set(document["paths"])
    assert {"/v1/search", "/v1/search/autocomplete", "/v1/search/filters"} <= paths
    assert {"/v1/liens/payoff", "/v1/liens/rules", "/v1/liens/rules/{state}"} <= paths
    assert not [path for path in paths if path.startswith("/internal")]
