"""One rehearsal in a process of its own: `python -m app.rehearsal.worker FOLDER`, so that no caller waits for it.

The folder holds `order.json`. Progress is told on stdout, one JSON object a line; the results are written beside the order.
It gives way to everything else on the machine, and ends with whoever started it: that shows as the end of stdin.
"""

import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

import msgspec

from app.errors import BadInput, TierlineError
from app.rehearsal import charts, results, service
from routing.policy import Policy, read_policy
from routing.rehearse.scenario import BadScenario, read_scenario

ORDER, REPORT, FIGURES, CHART = "order.json", "report.json", "figures.csv", "waits.png"
LEAST_NICE = 10


class Order(msgspec.Struct, frozen=True):
    """Exactly one of `scenario`, `forecast` (JSON text) and `log` (a file in the folder). `policies`: name -> body."""

    policies: dict[str, dict[str, Any]]
    name: str
    scenario: str | None = None
    forecast: str | None = None
    log: str | None = None
    scale: int = 1
    staffing: bool = False
    seed: int = 1


def carry_out(order: Order, folder: Path, progress: service.Progress) -> service.Report:
    """Raises `BadInput`."""
    policies: dict[str, Policy] = {name: read_policy(body, 0) for name, body in order.policies.items()}
    if order.log is not None:
        return service.rehearse_log(
            folder / order.log, order.scale, policies, order.seed, progress, order.name
        )
    if order.forecast is not None:
        return service.rehearse_forecast(order.name, order.forecast.encode(), policies, order.seed, progress)
    try:
        scenario = read_scenario(order.scenario or "")
    except BadScenario as error:
        raise BadInput(f"scenario: {error}.") from None
    run = service.rehearse_staffing if order.staffing else service.rehearse_scenario
    return run(scenario, policies, order.seed, progress)


def main(folder: Path) -> int:
    """2 when the order makes no sense; the sentence stands on stdout."""
    os.nice(LEAST_NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    order = msgspec.json.decode((folder / ORDER).read_bytes(), type=Order)
    try:
        report = carry_out(order, folder, lambda done, of: _tell({"done": done, "of": of}))
    except TierlineError as error:
        _tell({"error": error.message})
        return 2
    (folder / FIGURES).write_text(results.as_csv(report), encoding="utf-8")
    if charts.can_draw():
        charts.draw(report, folder / CHART)
    (folder / REPORT).write_bytes(msgspec.json.encode(report))
    return 0


def _tell(what: dict[str, Any]) -> None:
    sys.stdout.write(f"{msgspec.json.encode(what).decode()}\n")
    sys.stdout.flush()


def _end_with_parent() -> None:
    """The processes started from here are of the same group."""
    while os.read(0, 1024):  # not through `sys.stdin`, whose lock would be held when the work is done
        pass
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
