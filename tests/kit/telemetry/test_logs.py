"""Logs are JSON lines that say who, when and in which request, and no secrets, whoever writes them."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import structlog

from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.context import RequestContext, serving
from taxlien.kit.telemetry.logs import configure_logs
from taxlien.kit.telemetry.traces import configure_traces

SECRETS = (
    "123-45-6789",
    "4111 1111 1111 1111",
    "jane@example.org",
    "(303) 555-1234",
    "hunter2hunter2",
)
TEXT = (
    "ssn 123-45-6789 card 4111 1111 1111 1111 jane@example.org (303) 555-1234 token=hunter2hunter2"
)


@pytest.fixture
def out() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    configure_logs(KitSettings(), process="test", stream=stream)
    yield stream
    configure_logs(KitSettings())


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_an_event_is_one_line_of_json(out: io.StringIO) -> None:
    structlog.get_logger("taxlien.liens").info(
        "imported", rows=3, amount=Decimal("1.10"), note="a\nb"
    )
    (line,) = lines(out)
    assert list(line)[:2] == ["timestamp", "level"]
    assert line["timestamp"].endswith("Z")
    del line["timestamp"]
    assert line == {
        "level": "info",
        "event": "imported",
        "logger": "taxlien.liens",
        "process": "test",
        "rows": 3,
        "amount": "1.10",
        "note": "a\nb",
    }


def test_records_of_libraries_take_the_same_form(out: io.StringIO) -> None:
    logging.getLogger("some.library").warning("lost %s", "host", extra={"attempt": 2})
    (line,) = lines(out)
    assert (line["event"], line["logger"], line["level"]) == (
        "lost host",
        "some.library",
        "warning",
    )
    assert line["attempt"] == 2


def test_request_and_trace_are_named(out: io.StringIO) -> None:
    tracer = configure_traces(KitSettings(), process="test").get_tracer("test")
    with serving(RequestContext("r-1")), tracer.start_as_current_span("work") as span:
        structlog.get_logger().info("ours")
        logging.getLogger("theirs").warning("theirs")
    trace_id = format(span.get_span_context().trace_id, "032x")
    assert [(line["request_id"], line["trace_id"]) for line in lines(out)] == [
        ("r-1", trace_id)
    ] * 2


def test_secrets_are_masked_wherever_they_stand(out: io.StringIO) -> None:
    log = structlog.get_logger()
    log.info(TEXT)
    log.info(
        "x", note=TEXT, nested={"deep": [TEXT, (TEXT,)]}, raw=TEXT.encode(), what=ValueError(TEXT)
    )
    log.info("x", **{TEXT: 1})
    logging.getLogger("library").warning("failed: %s", TEXT, extra={"what": {"deep": TEXT}})
    structlog.contextvars.bind_contextvars(bound=TEXT)
    try:
        log.info("bound")
    finally:
        structlog.contextvars.clear_contextvars()
    assert len(lines(out)) == 5
    for secret in SECRETS:
        assert secret not in out.getvalue()


def test_secrets_are_masked_in_exceptions(out: io.StringIO) -> None:
    try:
        try:
            raise ValueError(TEXT)
        except ValueError as error:
            raise RuntimeError("outer") from error
    except RuntimeError:
        structlog.get_logger().exception("ours")
        logging.getLogger("library").exception("theirs")
    ours, theirs = lines(out)
    for line in (ours, theirs):
        assert "RuntimeError: outer" in line["exception"]
        assert "ValueError: ssn [masked]" in line["exception"]
    # The quoted source line names the variable, not its value.
    for secret in SECRETS:
        assert secret not in out.getvalue()


def test_parcels_and_amounts_are_kept(out: io.StringIO) -> None:
    structlog.get_logger().info(
        "seen", parcel_id="012622-000010-000380", pin=16082030140000, paid="1,875.34"
    )
    (line,) = lines(out)
    assert line["parcel_id"] == "012622-000010-000380"
    assert line["pin"] == 16082030140000
    assert line["paid"] == "1,875.34"


def test_the_level_of_the_settings_holds_for_all(out: io.StringIO) -> None:
    configure_logs(KitSettings(log_level="warning"), stream=out)
    structlog.get_logger().info("quiet")
    logging.getLogger("library").info("quiet")
    structlog.get_logger().warning("loud")
    assert [line["event"] for line in lines(out)] == ["loud"]


def test_clients_do_not_log_whole_addresses(out: io.StringIO) -> None:
    logging.getLogger("httpx2").info("GET http://h/?owner=Jane")
    assert out.getvalue() == ""


def test_what_nobody_caught_is_a_masked_line_of_json() -> None:
    program = (
        "from taxlien.kit.settings import KitSettings\n"
        "from taxlien.kit.telemetry.logs import configure_logs\n"
        "configure_logs(KitSettings())\n"
        "import warnings; warnings.warn('joe' + '@' + 'example.org')\n"
        "raise RuntimeError('jane' + '@' + 'example.org')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    warning, line = [json.loads(text) for text in done.stderr.splitlines()]
    assert warning["logger"] == "py.warnings"
    assert "UserWarning: [masked]" in warning["event"]
    assert line["event"] == "unhandled"
    assert "RuntimeError: [masked]" in line["exception"]


def test_the_console_form_is_masked_too() -> None:
    stream = io.StringIO()
    configure_logs(KitSettings(log_format="console"), stream=stream)
    structlog.get_logger().info("seen", note=TEXT)
    configure_logs(KitSettings())
    assert "seen" in stream.getvalue()
    for secret in SECRETS:
        assert secret not in stream.getvalue()
