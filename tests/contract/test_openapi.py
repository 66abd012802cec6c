"""Whatever a stranger sends to any documented endpoint, the product answers, and never with a 5xx."""

from __future__ import annotations

from collections.abc import Iterator

import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode

from product_runner import RunningProduct, running_product

LIMITS = hypothesis.settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProduct]:
    with running_product(tmp_path_factory.mktemp("contract") / "home") as running:
        yield running


def test_no_request_is_answered_with_a_server_error(
    product: RunningProduct, subtests: pytest.Subtests
) -> None:
    """Valid and invalid requests alike: every documented operation, through the gateway."""
    schema = schemathesis.openapi.from_url(f"{product.http.base_url}/openapi.json")
    operations = [result.ok() for result in schema.get_all_operations()]
    assert len(operations) >= 12
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            with subtests.test(operation.label, mode=mode.value):
                try:
                    requests = operation.as_strategy(generation_mode=mode)
                    LIMITS(hypothesis.given(case=requests)(never_a_server_error))()
                except hypothesis.errors.Unsatisfiable:
                    assert mode is GenerationMode.NEGATIVE, "no valid request can be made"


def never_a_server_error(case: schemathesis.Case) -> None:
    response = case.call()
    assert response.status_code < 500, f"{case.as_curl_command()}\n{response.text}"
    if response.status_code >= 400:
        kind = response.headers["content-type"][0]
        assert kind.startswith("application/problem+json"), case.as_curl_command()


def test_the_merged_description_covers_every_service(product: RunningProduct) -> None:
    document = product.get("/openapi.json")
    paths = set(document["paths"])
    assert {"/v1/search", "/v1/search/autocomplete", "/v1/search/filters"} <= paths
    assert {"/v1/liens/payoff", "/v1/liens/rules", "/v1/liens/rules/{state}"} <= paths
    assert not [path for path in paths if path.startswith("/internal")]
