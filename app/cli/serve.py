"""`tierline serve`: the service."""

import asyncio
import gc
import signal

import typer
import uvicorn
import uvloop

from app.bootstrap import running
from app.infra import logging
from app.live.protocol import OutletProtocol
from app.main import calls_first, create_app
from app.settings import Settings, read_settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def serve() -> None:
    """Serve routing, live screens and pages until Ctrl-C. Settings: TIERLINE_* (docs/reference/settings.md)."""
    settings = read_settings()
    logging.configure(settings.log_format, settings.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_serve(settings))


async def _serve(settings: Settings) -> None:
    async with running(settings) as services:
        server = uvicorn.Server(
            uvicorn.Config(
                calls_first(create_app(services), services),
                host=settings.host,
                port=settings.port,
                http="httptools",
                ws=OutletProtocol,
                ws_per_message_deflate=False,
                ws_max_size=64 * 1024,
                lifespan="off",
                log_config=None,
                server_header=False,
                timeout_graceful_shutdown=3,
            )
        )
        gc.collect()
        gc.freeze()  # what is loaded stays: searching it for garbage stops everything for tens of milliseconds
        # The server hands a SIGTERM on when it has ended: our own end comes then, and is not to be cut short by it.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        await server.serve()
