"""Logs: one JSON object per line on stderr, from our own code and from libraries alike."""

import logging
import sys
from typing import Any

import msgspec
import structlog


def set_up_logs(level: str) -> None:
    """Everything from ``level`` on (debug, info, warning, error), for the whole process."""
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    render: list[structlog.typing.Processor] = [
        structlog.processors.dict_tracebacks,
        structlog.processors.JSONRenderer(serializer=_json),
    ]
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *render],
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)


def _json(event: Any, **_: object) -> str:
    return msgspec.json.encode(event, enc_hook=repr).decode()
