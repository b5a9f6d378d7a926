"""One log for everything: our structlog lines and what libraries say through `logging`, in the same form on stderr."""

import logging
import re
import sys
from typing import Any, Literal

import structlog

Level = Literal["debug", "info", "warning", "error"]


_TICKET = re.compile(r"(?<=[?&]ticket=)[^&\s\"]+")


class NoTickets(logging.Filter):
    """The server writes down each address that is asked for; the ticket in it opens a screen once."""

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        record.msg, record.args = _TICKET.sub("…", said), ()
        return True


def configure(form: Literal["text", "json"], level: Level) -> None:
    """`text` for people, `json` for machines: one object a line with `timestamp` (UTC), `level`, `event`."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    final: list[Any] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if form == "json":
        final += [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        final.append(structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=shared, processors=final))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    logging.getLogger("uvicorn.error").addFilter(NoTickets())
    logging.getLogger("uvicorn.access").setLevel(logging.WARNING)
