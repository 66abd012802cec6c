"""Logs: one JSON object a line, with request and trace id, and personal data masked.

``structlog.get_logger(__name__)`` in our code takes the short way; records of libraries that use the
standard ``logging`` pass through the same steps. Masking comes last before writing, so nothing that a
step adds (an exception's text, say) can pass it by.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, MutableMapping
from typing import IO, Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from taxlien.kit.settings import KitSettings
from taxlien.kit.telemetry.context import current_request
from taxlien.kit.telemetry.masking import mask_text, mask_value
from taxlien.kit.telemetry.traces import current_trace_id

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

# These write whole URLs, queries included, at INFO.
_TALKATIVE = ("httpx", "httpx2", "httpcore", "httpcore2", "asyncio", "urllib3")

_encoder = msgspec.json.Encoder(enc_hook=str)


def configure_logs(
    settings: KitSettings, *, process: str = "taxlien", stream: IO[str] | None = None
) -> None:
    """Send all logs of this process to ``stream`` (stderr unless given). May be called again.

    ``process`` says in every line who wrote it; level and format come from the settings.
    """
    level = LEVELS[settings.log_level]
    out = stream or sys.stderr
    render = _render_json if settings.log_format == "json" else _render_console()
    steps: list[Processor] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_process(process),
        _add_request,
    ]
    finish: list[Processor] = [structlog.processors.format_exc_info, _mask_event, render]
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, _add_logger_name, *steps, *finish],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *names: _NamedLogger(out, *names),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_logger_name,
                structlog.stdlib.ExtraAdder(),
                *steps,
            ],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *finish],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(True)
    sys.excepthook = _log_unhandled


class _NamedLogger(structlog.PrintLogger):
    """Writes lines to a stream and remembers the name it was asked for."""

    def __init__(self, file: IO[str], name: str = "") -> None:
        super().__init__(file)  # type: ignore[arg-type]
        self.name = name


def _add_logger_name(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    if logger.name:
        event["logger"] = logger.name
    return event


def _add_process(process: str) -> Processor:
    def add(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
        event["process"] = process
        return event

    return add


def _add_request(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    request = current_request()
    if request.request_id:
        event["request_id"] = request.request_id
    trace_id = current_trace_id()
    if trace_id:
        event["trace_id"] = trace_id
    return event


_OWN_FIELDS = frozenset({"level", "timestamp", "process", "logger", "trace_id"})


def _mask_event(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    return {
        mask_text(key): value if key in _OWN_FIELDS else mask_value(value, key)
        for key, value in event.items()
    }


def _render_json(logger: WrappedLogger, method: str, event: EventDict) -> str:
    line = {"timestamp": event.pop("timestamp"), "level": event.pop("level"), **event}
    return _encoder.encode(line).decode()


def _render_console() -> Callable[[WrappedLogger, str, MutableMapping[str, Any]], str]:
    return structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)


def _log_unhandled(kind: type[BaseException], error: BaseException, trace: Any) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    structlog.get_logger("taxlien").critical("unhandled", exc_info=(kind, error, trace))
