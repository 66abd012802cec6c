"""Prometheus metrics that every process shows at ``/metrics``; services add their own beside their code."""

from __future__ import annotations

from prometheus_client import CONTENT_TYPE_LATEST, Counter, Gauge, Histogram, generate_latest

__all__ = ["METRICS_MEDIA_TYPE", "Counter", "Gauge", "Histogram", "render_metrics"]

METRICS_MEDIA_TYPE = CONTENT_TYPE_LATEST

REQUEST_SECONDS = Histogram(
    "taxlien_http_request_seconds",
    "Time from the first byte of a request to the last byte of its answer",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
CALL_SECONDS = Histogram(
    "taxlien_service_call_seconds",
    "Time of one attempt of a call to another service",
    ["target", "method", "outcome"],
    buckets=(0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5),
)
BREAKER_OPEN = Gauge(
    "taxlien_service_breaker_open", "1 while calls to a service are refused at once", ["target"]
)


def render_metrics() -> bytes:
    """Return all metrics of this process in Prometheus text format."""
    return generate_latest()
