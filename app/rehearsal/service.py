"""Runs rehearsals on all processors: each stretch of time is its own piece of work, with its own seed, so that the
figures are the same on one processor and on eight.

A report: `{scenario, policies: {policy: {kind: figures}}}`, and `staffing` where that was asked.
"""

import multiprocessing
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import msgspec

from app.errors import BadInput
from routing.policy import Policy
from routing.rehearse.calls import Mix, Traffic, kinds_of
from routing.rehearse.figures import figures
from routing.rehearse.forecast import ForecastFile, day_of, mix_of, read_forecast
from routing.rehearse.history import UnknownLog, days_of, read_log, shares
from routing.rehearse.queued import QueuedStretch
from routing.rehearse.scenario import QUEUED, BadScenario, Scenario, stretch_of
from routing.rehearse.simulate import Stretch
from routing.rehearse.staffing import TARGETS, agents_needed
from routing.rehearse.tally import Tally

Policies = Mapping[str, Policy]
Report = dict[str, Any]
Progress = Callable[[int, int], None]
"""(pieces of work done, of so many)"""

WORTH_PROCESSES = 150_000
"""Calls; below it, starting processes takes longer than the rehearsal."""

SEARCHED_CALLS = 200_000
"""For each step of a staffing search: the targets are told apart to half a point."""


class Work(NamedTuple):
    """One stretch under each policy. `traffic` draws it, in the process where it runs."""

    policies: Policies
    mix: Mix
    ring_s: float
    traffic: Callable[[], Traffic]


def rehearse_scenario(scenario: Scenario, policies: Policies, seed: int, progress: Progress) -> Report:
    of_policies = _measured(scenario, policies, seed, progress)
    return {"scenario": _told(scenario), "policies": of_policies}


def rehearse_forecast(name: str, text: bytes, policies: Policies, seed: int, progress: Progress) -> Report:
    try:
        forecast = read_forecast(text)
    except BadScenario as error:
        raise BadInput(f"{name}: {error}.") from None
    mix = mix_of(forecast)
    works = [
        Work(policies, mix, forecast.ring_s, partial(_day, forecast, mix, policies, f"{seed}/{number}"))
        for number in range(forecast.days)
    ]
    calls = forecast.days * sum(span.calls for span in forecast.intervals)
    scenario = {"forecast": name, "days": forecast.days, "calls": round(calls)}
    return {"scenario": scenario, "policies": _rehearse(works, calls, progress)}


def rehearse_log(
    file: Path, scale: int, policies: Policies, seed: int, progress: Progress, name: str | None = None
) -> Report:
    """`name`: as people know it, when it is not the file's."""
    told = name or str(file)
    try:
        with file.open(encoding="utf-8-sig", errors="replace", newline="") as lines:
            log = read_log(lines)
    except OSError as error:
        raise BadInput(f"{told} cannot be read: {error.strerror}.") from None
    except UnknownLog as error:
        raise BadInput(f"{told}: {error}.") from None
    if not log.rows:
        left_out = ", ".join(f"{count} {why}" for why, count in log.left_out.items()) or "nothing"
        raise BadInput(f"{told} holds no call that could be read; left out: {left_out}.")
    days = days_of(log, scale, Random(seed))  # noqa: S311 -- traffic, not secrets
    mix = tuple(shares(log))
    works = [Work(policies, mix, 0.0, partial(_itself, day)) for day in days]
    calls = sum(len(day.calls) for day in days)
    scenario = {
        "log": name or file.name,
        "format": log.format,
        "scale": scale,
        "days": len(days),
        "calls": calls,
        "left_out": dict(sorted(log.left_out.items())),
    }
    return {"scenario": scenario, "policies": _rehearse(works, calls, progress)}


def rehearse_staffing(scenario: Scenario, policies: Policies, seed: int, progress: Progress) -> Report:
    """The least agents that meet the targets at the scenario's traffic; the figures are those with them."""
    found, of_policies = {}, {}
    shorter = msgspec.structs.replace(scenario, calls=min(scenario.calls, SEARCHED_CALLS))
    for place, (name, policy) in enumerate(policies.items()):

        def measured(agents: int, name: str = name, policy: Policy = policy) -> dict[str, Any]:
            there = shorter.with_agents(agents)
            figures_there: dict[str, Any] = _measured(there, {name: policy}, seed, lambda done, of: None)[
                name
            ]
            return figures_there

        progress(place, len(policies))
        agents, of_policies[name] = agents_needed(scenario.agents, measured)
        found[name] = {"agents": agents, "targets": TARGETS}
    progress(len(policies), len(policies))
    return {"scenario": _told(scenario), "policies": of_policies, "staffing": found}


def _told(scenario: Scenario) -> dict[str, Any]:
    told: dict[str, Any] = msgspec.to_builtins(scenario)
    return told


def _measured(scenario: Scenario, policies: Policies, seed: int, progress: Progress) -> dict[str, Any]:
    works = [
        Work(
            policies,
            scenario.mix(),
            scenario.ring,
            partial(_stretch, scenario, policies, f"{seed}/{number}"),
        )
        for number in range(scenario.stretches)
    ]
    return _rehearse(works, scenario.calls, progress)


def _rehearse(works: Sequence[Work], calls: float, progress: Progress) -> dict[str, Any]:
    tallies: dict[str, list[Tally]] = {}
    for done, result in enumerate(_results(works, calls), 1):
        for name, tally in result.items():
            tallies.setdefault(name, []).append(tally)
        progress(done, len(works))
    return {name: figures(those) for name, those in tallies.items()}


def _results(works: Sequence[Work], calls: float) -> Iterator[dict[str, Tally]]:
    """In the order of the works."""
    processes = min(len(os.sched_getaffinity(0)), len(works))
    if calls < WORTH_PROCESSES or processes < 2:
        yield from map(_run, works)
        return
    # A fork would copy the locks of the caller's threads; a spawned process starts clean.
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        yield from pool.map(_run, works)


def _run(work: Work) -> dict[str, Tally]:
    traffic = work.traffic()
    return {
        name: _of(name)(traffic, kinds_of(policy, work.mix), policy, work.ring_s).run()
        for name, policy in work.policies.items()
    }


def _of(name: str) -> type[Stretch]:
    return QueuedStretch if name == QUEUED else Stretch


def _stretch(scenario: Scenario, policies: Policies, seed: str) -> Traffic:
    """Which policy's clients stand for the kinds does not matter for when they call and how long they talk."""
    kinds = kinds_of(next(iter(policies.values())), scenario.mix())
    return stretch_of(scenario, kinds, Random(seed))  # noqa: S311 -- traffic, not secrets


def _day(forecast: ForecastFile, mix: Mix, policies: Policies, seed: str) -> Traffic:
    kinds = kinds_of(next(iter(policies.values())), mix)
    return day_of(forecast, kinds, Random(seed))  # noqa: S311 -- traffic, not secrets


def _itself(day: Traffic) -> Traffic:
    return day
