"""Who calls when, and an ear at the switch that keeps the score."""

import random
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from app.demo.score import Score
from app.demo.world import World
from app.infra.sipp import Caller, Turn
from telephony.ami.connection import LinkState
from telephony.events import ChannelCreated, ChannelHungUp, Event, QueueJoined, RoomEntered
from telephony.ids import ChannelId
from telephony.rebuild import Snapshot

MIX = {"standard": 0.5, "priority": 0.33, "vip": 0.17}
"""More VIPs than in life, so that a minute shows some."""

DNIS = ("74950000001", "74950000002")
"""Of the lines `support` and `sales` (`agents.generator`)."""

TALK_S = (5.0, 9.0)
TALK_MEAN_S = sum(TALK_S) / 2 + 1.0
RING_S = (0.3, 1.0)
PATIENCE_S = (25.0, 90.0)
LOAD = 1.1


def callers(world: World, chance: random.Random) -> Iterator[Caller]:
    """Without end; deterministic by `chance`."""
    tiers, shares = list(MIX), list(MIX.values())
    while True:
        tier = chance.choices(tiers, shares)[0]
        yield Caller(
            number=f"+{chance.choice(world.numbers[tier])}",
            dnis=chance.choices(DNIS, (3, 1))[0],
            patience_s=chance.uniform(*PATIENCE_S),
            talk_s=chance.uniform(*TALK_S),
        )


def turns(chance: random.Random, count: int = 200) -> list[Turn]:
    """How the phones take their calls: the caller is the one who hangs up."""
    return [Turn(ring_s=chance.uniform(*RING_S)) for _ in range(count)]


class Answer(NamedTuple):
    """One answered call, for the list on the screen."""

    name: str
    tier: str
    queue: str
    agent: str
    waited_s: float


class Ear:
    """Consumer of a reader of its own: the demonstration believes the switch and not the service. `arriving`: callers in
    the menu, who are on no line yet."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._numbers: dict[ChannelId, str] = {}
        self.score = Score(lambda channel: world.tier_of(self._numbers.get(channel, "")))
        self.arriving: set[ChannelId] = set()
        self.answers: deque[Answer] = deque(maxlen=8)

    def events(self, events: list[Event], received: float) -> None:
        for event in events:
            if isinstance(event, ChannelCreated) and event.number:
                number = self._numbers[event.channel] = event.number.lstrip("+")
                if number in self._world.names:
                    self.arriving.add(event.channel)
            elif isinstance(event, QueueJoined | RoomEntered | ChannelHungUp):
                self.arriving.discard(event.channel)
            if (served := self.score.apply(event)) is not None:
                number = self._numbers.get(served.caller, "")
                name = self._world.names.get(number, number)
                self.answers.append(Answer(name, served.tier, served.queue, served.agent, served.waited_s))

    def snapshot(self, snapshot: Snapshot, received: float) -> None:
        pass

    def stale(self, why: str) -> None:
        pass

    def link_state(self, state: LinkState) -> None:
        pass
