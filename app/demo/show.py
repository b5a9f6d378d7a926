"""What the demonstration shows in the terminal."""

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from app.demo.score import TIERS, percentile
from app.demo.traffic import Ear
from app.demo.world import World

STYLE = {"vip": "bold magenta", "priority": "cyan", "standard": "white"}


def picture(world: World, ear: Ear, *, placed: int, elapsed_s: float, desks: int) -> RenderableType:
    return Group(_where(world, elapsed_s), _tiers(ear), _answers(ear), _foot(ear, placed, desks))


def _where(world: World, elapsed_s: float) -> RenderableType:
    text = Text.assemble(
        ("Supervisor  ", "dim"),
        (f"{world.url}/floor", "bold underline"),
        ("   login ", "dim"),
        "supervisor",
        ("   password ", "dim"),
        (world.password, "bold"),
        "\n",
        ("Agent       ", "dim"),
        (f"{world.url}/agent", "bold underline"),
        ("   login ", "dim"),
        "1001 … 1012",
        ("   password ", "dim"),
        (world.password, "bold"),
    )
    minutes, seconds = divmod(int(elapsed_s), 60)
    return Panel(text, title="Tierline", subtitle=f"{minutes}:{seconds:02d}   Ctrl-C ends everything")


def _tiers(ear: Ear) -> RenderableType:
    score = ear.score
    table = Table("tier", expand=True, box=None, header_style="dim")
    for title in ("waiting now", "answered", "wait p50, s", "wait p95, s", "longest, s"):
        table.add_column(title, justify="right")
    for tier in TIERS:
        waits = score.waits[tier]
        waiting = sum(1 for waiter in score.waiting.values() if waiter.tier == tier)
        table.add_row(
            Text(tier, STYLE[tier]),
            Text("█" * min(waiting, 30) + f" {waiting}", STYLE[tier]),
            str(len(waits)),
            _seconds(percentile(waits, 50)),
            _seconds(percentile(waits, 95)),
            _seconds(max(waits, default=None)),
        )
    return Panel(table, title="answered in order of worth", title_align="left")


def _answers(ear: Ear) -> RenderableType:
    table = Table(box=None, expand=True, show_header=False)
    for answer in reversed(ear.answers):
        table.add_row(
            Text(answer.tier, STYLE[answer.tier]),
            answer.name,
            Text(answer.queue, "dim"),
            answer.agent,
            f"after {answer.waited_s:.1f} s",
        )
    return Panel(table, title="last answers", title_align="left")


def _foot(ear: Ear, placed: int, desks: int) -> RenderableType:
    score = ear.score
    to_socket = percentile(score.event_to_socket_ms, 50)
    return Text(
        f"  {placed} calls placed   {score.answered} answered   {score.abandoned} gave up   "
        f"{score.cards_delivered} cards on {desks} screens"
        + (f", {to_socket:.1f} ms from event to socket" if to_socket is not None else "")
        + f"   {score.order_violations} overtaken",
        "dim",
    )


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
