"""`tierline demo`: the whole product on this machine, with real calls."""

import asyncio
import signal
from typing import Annotated, Literal

import typer
import uvloop

from app.demo.run import demonstrate, last_line
from app.settings import read_settings

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def demo(
    duration: Annotated[
        float | None, typer.Option(min=10, max=86400, help="End by itself after so many seconds.")
    ] = None,
    clients: Annotated[
        int, typer.Option(min=100, max=1_000_000, help="How many clients to make up.")
    ] = 10_000,
    agents: Annotated[int, typer.Option(min=2, max=12, help="How many agents sign in.")] = 8,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Of the pages; 0: any free one.")] = 8080,
    seed: Annotated[int, typer.Option(help="Another one: other callers.")] = 1,
    executor: Annotated[
        Literal["queued", "directed"],
        typer.Option(help="Who gives callers to agents: app_queue, or Tierline itself."),
    ] = "queued",
) -> None:
    """Real calls on a private Asterisk: clients of all tiers call, agents answer, cards pop. Ctrl-C ends everything.

    With --duration the last line is the score as JSON.
    """
    settings = read_settings()

    async def play() -> dict[str, object]:
        task = asyncio.current_task()
        if task is not None:
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await demonstrate(
            settings,
            duration_s=duration,
            clients=clients,
            agents=agents,
            port=port,
            seed=seed,
            executor=executor,
        )

    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            summary = runner.run(play())
    except (KeyboardInterrupt, asyncio.CancelledError):
        typer.echo("Everything is stopped.", err=True)
        return
    typer.echo(last_line(summary))
