"""OpenTelemetry traces: exported only when an endpoint is set, carried by W3C ``traceparent`` always."""

from __future__ import annotations

import re
import secrets

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.propagate import set_global_textmap
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, DEFAULT_ON
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from taxlien.kit.settings import KitSettings

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("taxlien")

TRACE_ID_HEADER = "x-trace-id"

_TRACEPARENT = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


def configure_traces(
    settings: KitSettings, *, process: str = "taxlien", exporter: SpanExporter | None = None
) -> TracerProvider:
    """Return a provider, the process's own from the first call on. Without an endpoint spans are only ids.

    ``settings.otlp_endpoint`` is the collector's base address, such as ``http://collector:4318``;
    ``exporter`` goes before it. Call ``shutdown()`` on the result to send what waits.
    """
    if exporter is None and settings.otlp_endpoint:
        exporter = OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint.rstrip('/')}/v1/traces")
    # Spans that nobody collects have ids, which cost little, and record nothing.
    sampler = ALWAYS_OFF if exporter is None else DEFAULT_ON
    provider = TracerProvider(sampler=sampler, resource=Resource.create({"service.name": process}))
    if exporter is not None:
        provider.add_span_processor(BatchSpanProcessor(exporter))
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(provider)
    # traceparent only: baggage could carry personal data out of the house.
    set_global_textmap(_propagator)
    return provider


def traceparent() -> str | None:
    """Return the W3C ``traceparent`` of the current span, or None outside any."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def current_trace_id() -> str | None:
    """Return the trace id of the current span as 32 hex digits, or None outside any."""
    context = trace.get_current_span().get_span_context()
    return format(context.trace_id, "032x") if context.is_valid else None


def note_answered(
    method: str, route: str, path: str, status: int, *, parent: str, started_ns: int
) -> str:
    """Record the span of a request that ``TraceRequests`` never saw; return its trace id ("" for none).

    ``parent`` is the caller's ``traceparent``, or empty; ``started_ns`` as of ``time.time_ns``. Where
    nobody collects spans this only makes an id, in a microsecond.
    """
    provider = trace.get_tracer_provider()
    if not isinstance(provider, TracerProvider) or provider.sampler is ALWAYS_OFF:
        if given := _TRACEPARENT.match(parent):
            return given[1]
        return secrets.token_hex(16) if isinstance(provider, TracerProvider) else ""
    context = _propagator.extract({"traceparent": parent}, context=otel_context.Context())
    span = _tracer.start_span(
        f"{method} {route}", context=context, kind=SpanKind.SERVER, start_time=started_ns
    )
    if span.is_recording():
        span.set_attribute("http.response.status_code", status)
        span.set_attribute("http.request.method", method)
        span.set_attribute("url.path", path)
        span.set_attribute("http.route", route)
    span.end()
    return format(span.get_span_context().trace_id, "032x")


class TraceRequests:
    """ASGI layer: one server span per request, child of the caller's; its trace id in the answer."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        parent = _propagator.extract(
            {"traceparent": Headers(scope=scope).get("traceparent", "")},
            # An empty context: a call inside this process is a child by its header, like any other.
            context=otel_context.Context(),
        )
        method = scope["method"]
        span = _tracer.start_span(method, context=parent, kind=SpanKind.SERVER)
        identity = span.get_span_context()
        trace_id = format(identity.trace_id, "032x") if identity.is_valid else ""

        async def send_with_trace(message: Message) -> None:
            if message["type"] == "http.response.start":
                status = message["status"]
                if span.is_recording():
                    span.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                if trace_id:
                    MutableHeaders(scope=message)[TRACE_ID_HEADER] = trace_id
            await send(message)

        token = otel_context.attach(trace.set_span_in_context(span))
        try:
            await self.app(scope, receive, send_with_trace)
        finally:
            otel_context.detach(token)
            if span.is_recording():
                route = getattr(scope.get("route"), "path", "")
                span.set_attribute("http.request.method", method)
                span.set_attribute("url.path", scope["path"])
                if route:
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)
            span.end()
