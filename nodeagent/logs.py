"""One JSON object a line on stderr."""

import logging
import sys

import structlog


def set_up(level: str) -> None:
    """Configures structlog, and the standard library's logging, which grpc and aiohttp use."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, _name, structlog.processors.JSONRenderer(default=str)],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=_Factory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=max(number, logging.WARNING), force=True)


class _Named(structlog.PrintLogger):
    """Knows which part of the agent speaks."""

    def __init__(self, name: str) -> None:
        super().__init__(sys.stderr)
        self.part = name


class _Factory:
    def __call__(self, *names: str) -> _Named:
        return _Named(names[0] if names else "agent")


def _name(
    logger: _Named, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {"part": logger.part, **event}
