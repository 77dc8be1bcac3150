"""Logs: one structured event per thing that happens, to standard error."""

from __future__ import annotations

import asyncio
import logging
import sys
import traceback
from typing import Any

import msgspec
import structlog
from structlog.typing import EventDict, Processor

log = structlog.get_logger()

QUIET = {
    # At debug level these log requests, headers or signatures.
    **dict.fromkeys(("botocore", "aiobotocore", "aiohttp", "asyncio", "nats"), logging.WARNING),
    "mangum": logging.WARNING,  # it logs every path, and a path may hold the token of a report
    "uvicorn": logging.ERROR,  # it warns of every malformed request: strangers would fill the disk
}
"""The least level that is logged of these libraries."""


def configure_logs(level: str, log_format: str | None, *, quiet: bool = False) -> None:
    """Send structlog's and the libraries' events to standard error.

    Args:
        level: debug, info, warning or error.
        log_format: ``console`` or ``json``; None chooses by whether standard error is a terminal.
        quiet: Whether errors alone are logged, and nothing of the AWS SDK's: a command tells what went wrong
            itself. At debug level everything is.
    """
    quiet = quiet and level != "debug"
    number = max(logging.getLevelNamesMapping()[level.upper()], logging.ERROR if quiet else 0)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderers = _renderers(log_format or ("console" if sys.stderr.isatty() else "json"))
    structlog.configure(
        processors=[*shared, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *renderers],
        )
    )
    logging.basicConfig(handlers=[handler], level=number, force=True)
    for name, least in QUIET.items():
        silent = quiet and name in {"botocore", "aiobotocore"}
        logging.getLogger(name).setLevel(logging.CRITICAL if silent else least)


def frames_of(error: BaseException) -> str:
    """Where it happened: file, line and function, never the error's text, which could hold a secret."""
    return "".join(traceback.format_tb(error.__traceback__))


def log_loop_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what no task was there to catch. asyncio's own handler shows errors and objects in full."""
    error = context.get("exception")
    log.error(
        "background_error",
        message=context.get("message"),
        error=type(error).__name__ if error else None,
        frames=frames_of(error) if error else None,
    )


def _renderers(log_format: str) -> list[Processor]:
    if log_format == "console":
        return [_frames_only, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    return [_frames_only, structlog.processors.JSONRenderer(serializer=_json)]


def _frames_only(_: Any, __: str, event: EventDict) -> EventDict:
    """Put an error that a library logs into words that hold no value."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"], event["frames"] = type(error).__name__, frames_of(error)
    return event


def _json(event: dict[str, Any], **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
