"""The agents' side of a room: who is on duty with which skills, and who of them is idle.

Agents with equal skills and levels are one `Profile`; a `Pool` is what one need can choose from. Counts are kept at
every change, so that asking "how many idle agents could take this caller" costs nothing.
"""

from collections.abc import Iterator
from heapq import heappop, heappush
from typing import NamedTuple

from routing.skills import NOTHING, Skills, level


class Agent(NamedTuple):
    id: str
    skills: Skills = NOTHING


class Profile:
    """Agents with equal skills. `idle`: id -> since when; `_queue` may hold entries that are no longer true."""

    __slots__ = ("_queue", "idle", "on_duty", "pools", "skills")

    def __init__(self, skills: Skills) -> None:
        self.skills = skills
        self.on_duty = 0
        self.idle: dict[str, float] = {}
        self.pools: list[Pool] = []
        self._queue: list[tuple[float, str]] = []

    def rest(self, agent: str, since: float) -> None:
        self.idle[agent] = since
        heappush(self._queue, (since, agent))

    def longest_idle(self) -> tuple[float, str] | None:
        """(since, id); of two equally long the one with the smaller id."""
        queue, idle = self._queue, self.idle
        while queue and idle.get(queue[0][1]) != queue[0][0]:
            heappop(queue)
        return queue[0] if queue else None


class Pool:
    """Who meets `need`: (level, profile), best first."""

    __slots__ = ("idle", "need", "on_duty", "profiles")

    def __init__(self, need: Skills) -> None:
        self.need = need
        self.on_duty = 0
        self.idle = 0
        self.profiles: list[tuple[int, Profile]] = []

    def admit(self, profile: Profile) -> None:
        grade = level(profile.skills, self.need)
        if grade is None:
            return
        self.profiles.append((grade, profile))
        self.profiles.sort(key=lambda one: (-one[0], sorted(one[1].skills)))
        self.on_duty += profile.on_duty
        self.idle += len(profile.idle)
        profile.pools.append(self)

    def best(self) -> str | None:
        """The idle agent with the highest level; of equals the one idle longest."""
        found: tuple[float, str] | None = None
        grade_found = 0
        for grade, profile in self.profiles:
            if found is not None and grade < grade_found:
                break
            if profile.idle and (head := profile.longest_idle()) and (found is None or head < found):
                found, grade_found = head, grade
        return found[1] if found else None


class Staff:
    """Everybody signed on. Profiles and pools stay once they were seen: there are only so many sets of skills."""

    def __init__(self) -> None:
        self._profiles: dict[Skills, Profile] = {}
        self._pools: dict[Skills, Pool] = {}
        self._of: dict[str, Profile] = {}
        self.everybody = self.pool(NOTHING)

    def __contains__(self, agent: str) -> bool:
        return agent in self._of

    def on_duty(self) -> Iterator[tuple[str, Profile]]:
        return iter(sorted(self._of.items(), key=lambda one: one[0]))

    def pool(self, need: Skills) -> Pool:
        if (pool := self._pools.get(need)) is None:
            pool = self._pools[need] = Pool(need)
            for profile in self._profiles.values():
                pool.admit(profile)
        return pool

    def profile(self, agent: str) -> Profile:
        """Raises `KeyError` for somebody who is not on duty."""
        return self._of[agent]

    def sign_on(self, agent: Agent) -> None:
        """On duty and busy until `idle`."""
        if (profile := self._profiles.get(agent.skills)) is None:
            profile = self._profiles[agent.skills] = Profile(agent.skills)
            for pool in self._pools.values():
                pool.admit(profile)
        self._of[agent.id] = profile
        profile.on_duty += 1
        for pool in profile.pools:
            pool.on_duty += 1

    def sign_off(self, agent: str) -> list[Pool]:
        """The pools that have nobody on duty now."""
        self.busy(agent)
        profile = self._of.pop(agent)
        profile.on_duty -= 1
        for pool in profile.pools:
            pool.on_duty -= 1
        return [pool for pool in profile.pools if not pool.on_duty]

    def idle(self, agent: str, since: float) -> None:
        profile = self._of[agent]
        if agent not in profile.idle:
            for pool in profile.pools:
                pool.idle += 1
        profile.rest(agent, since)

    def busy(self, agent: str) -> bool:
        """False when he was busy before."""
        profile = self._of[agent]
        if profile.idle.pop(agent, None) is None:
            return False
        for pool in profile.pools:
            pool.idle -= 1
        return True
