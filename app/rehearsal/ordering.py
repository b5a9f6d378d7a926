"""From what somebody wishes to an order that a worker can carry out."""

from typing import Any

import msgspec

from app.errors import BadInput
from app.infra.db import Database
from app.rehearsal import policies as by_name
from app.rehearsal.period import Period
from app.rehearsal.schemas import Draft, Wish
from app.rehearsal.worker import Order
from routing.policy import BadPolicy, read_policy
from routing.rehearse.scenario import BUILT_IN, BadScenario, read_scenario

MOST_CALLS = 4_000_000
"""Calls times policies of a scenario: some minutes."""

LOG = "log.csv"
"""Where recorded calls lie in the order's folder."""


async def order_of(database: Database, project_id: int, wish: Wish) -> tuple[Order, Period | None]:
    """With the stretch of own history that is to be written first. Raises `BadInput`, `Unavailable`."""
    asked = [wish.scenario, wish.forecast, wish.history, wish.log]
    if sum(one is not None for one in asked) != 1:
        raise BadInput("Say what to rehearse: exactly one of scenario, forecast, history and log.")
    if wish.staffing and wish.scenario is None:
        raise BadInput("staffing searches for a steady load: give it as scenario.")
    what, period = "uploaded log", None
    if wish.scenario is not None:
        what = wish.scenario
        _check_scenario(what, len(wish.policies))
    elif wish.forecast is not None:
        what = "forecast"
    elif wish.history is not None:
        one = wish.history
        what = f"{one.since} – {one.until}" + (f", {one.line}" if one.line else "")
        period = Period(one.since, one.until, one.line, one.zone)
    forecast = msgspec.json.encode(wish.forecast).decode() if wish.forecast is not None else None
    return Order(
        policies=await _policies(database, project_id, wish.policies),
        name=what,
        scenario=wish.scenario,
        forecast=forecast,
        log=LOG if wish.scenario is None and forecast is None else None,
        scale=wish.scale,
        staffing=wish.staffing,
        seed=wish.seed,
    ), period


def _check_scenario(text: str, policies: int) -> None:
    try:
        scenario = read_scenario(text)
    except BadScenario as error:
        raise BadInput(f"scenario: {error}.") from None
    if scenario.calls * policies > MOST_CALLS:
        most = MOST_CALLS // policies
        raise BadInput(f"scenario: {scenario.calls} calls are too many here: set calls={most} or less.")


async def _policies(
    database: Database, project_id: int, wished: list[str | Draft]
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    asked = [one for one in wished if isinstance(one, str) and by_name.is_stored(one)]
    stored = {}
    if asked:
        async with database.raw(project_id) as connection:
            stored = await by_name.stored(connection, asked)
    for one in wished:
        name = one if isinstance(one, str) else one.name
        if name in found:
            raise BadInput(f"The policy {name!r} is named twice.")
        if isinstance(one, Draft):
            found[name] = _checked(one)
        else:
            policy = stored[name] if name in stored else by_name.built_in(name)
            found[name] = msgspec.to_builtins(policy.rules)
    return found


def _checked(draft: Draft) -> dict[str, Any]:
    if draft.name in BUILT_IN or by_name.is_stored(draft.name):
        raise BadInput(f"The draft cannot be called {draft.name!r}, which names another policy.")
    try:
        read_policy(draft.body, 0)
    except BadPolicy as error:
        raise BadInput(f"{draft.name}: {error}.") from None
    return draft.body
