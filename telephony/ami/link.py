"""The action connection of one PBX, kept alive: commands with one outcome each, questions with one answer.

One `Sender` lives for one connection; connecting again is `connection.py`'s.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping

from telephony.ami.actions import UnsafeAction, checked, to_actions
from telephony.ami.connection import (
    Backoff,
    Connecting,
    Ending,
    Endpoint,
    LinkState,
    Sleep,
    Up,
    keep_connected,
    unreachable,
)
from telephony.ami.sender import Answer, Sender
from telephony.ami.signals import PRIORITY_CHANGED
from telephony.commands import (
    ChangePriority,
    Command,
    CommandOutcome,
    Done,
    LinkLost,
    Originate,
    Refused,
    Spy,
    TimedOut,
    Unpark,
)
from telephony.ids import ChannelId

log = logging.getLogger(__name__)


class NoAnswer(Exception):
    """A question got no answer: the link is down, broke, or the deadline passed. Says which."""


class Declined(Exception):
    """The switch answered a question for a list with an error: its words."""


class Link:
    """`await run()` keeps the connection; `execute`, `ask` and `ask_list` may be used by many at once."""

    def __init__(
        self,
        endpoint: Endpoint,
        *,
        on_state: Callable[[LinkState], None] | None = None,
        ping_every_s: float = 10.0,
        ping_deadline_s: float = 10.0,
        backoff: Backoff | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        self.endpoint = endpoint
        self.state: LinkState = Connecting()
        self._on_state = on_state
        self._ping_every_s = ping_every_s
        self._ping_deadline_s = ping_deadline_s
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._connection: Sender | None = None
        self._calling: set[ChannelId] = set()
        self._settled = asyncio.Event()

    async def run(self) -> None:
        await keep_connected(self._session, self._say, self._backoff, self._sleep)

    async def settled(self) -> LinkState:
        """The state, once it is more than `Connecting`."""
        await self._settled.wait()
        return self.state

    @property
    def in_flight(self) -> int:
        """Actions sent and not yet decided."""
        return 0 if self._connection is None else self._connection.in_flight

    async def execute(self, command: Command, deadline_s: float = 5.0) -> CommandOutcome:
        """Exactly one outcome, never an exception. `Refused` also when the command cannot be sent safely.

        A command of several actions is done when all are; the first that is not decides. `deadline_s` is for all.
        """
        try:
            actions = to_actions(command)
        except UnsafeAction as error:
            return Refused(f"not sent: {error}")
        if not isinstance(command, Originate | Unpark | Spy):
            return await self._execute(command, actions, deadline_s)
        if command.id in self._calling:
            return Refused(f"not sent: the order with the id {command.id} is under way already")
        self._calling.add(command.id)
        try:
            lives = await self._lives(command.id, deadline_s)
            return lives or await self._execute(command, actions, deadline_s)
        finally:
            self._calling.discard(command.id)

    async def _execute(
        self, command: Command, actions: list[dict[str, str]], deadline_s: float
    ) -> CommandOutcome:
        clock = asyncio.get_running_loop()
        ends = clock.time() + deadline_s
        words, sent = "", False
        for action in actions:
            outcome = await self._send(action, max(0.0, ends - clock.time()), as_list=False)
            if isinstance(outcome, TimedOut):
                return TimedOut(deadline_s)
            if isinstance(outcome, LinkLost):
                return LinkLost(sent=sent or outcome.sent)
            words, sent = outcome[0].get("Message", ""), True
            if outcome[0].get("Response") != "Success":
                return Refused(words)
        if isinstance(command, ChangePriority):
            await self._tell_priority(command, deadline_s)
        return Done(words)

    async def _lives(self, channel: ChannelId, deadline_s: float) -> CommandOutcome | None:
        """Is this id taken already? None: it is free. The switch refuses it by itself too, but tells so only by a
        late event, after it said "queued"."""
        question = checked({"Action": "Getvar", "Channel": channel, "Variable": "UNIQUEID"})
        outcome = await self._send(question, deadline_s, as_list=False)
        if isinstance(outcome, TimedOut):
            return outcome
        if isinstance(outcome, LinkLost):
            return LinkLost(sent=False)
        if outcome[0].get("Response") == "Success":
            return Refused(f"not sent: a call with the id {channel} is there already")
        return None

    async def _tell_priority(self, command: ChangePriority, deadline_s: float) -> None:
        """The switch emits nothing when a priority changes: say it in its place, on its own stream of events, so
        that every floor and every capture hears of it in order. What is lost here the next self-check finds."""
        try:
            rows = await self.ask_list(
                {"Action": "QueueStatus", "Queue": command.queue, "Member": "nobody"}, deadline_s
            )
            waiting = [row.get("Uniqueid", "") for row in rows if row.get("Event") == "QueueEntry"]
            if command.channel not in waiting:
                return  # served or gone meanwhile
            index = waiting.index(command.channel)
            told = {
                "Action": "UserEvent",
                "UserEvent": PRIORITY_CHANGED,
                "Queue": command.queue,
                "Caller": command.channel,
                "Priority": str(command.priority),
                "Position": str(index + 1),
                "Behind": waiting[index - 1] if index else "",
            }
            await self.ask(told, deadline_s)
        except (NoAnswer, Declined) as error:
            log.warning("priority of %s changed, but not told: %s", command.channel, error)

    async def ask(self, action: Mapping[str, str], deadline_s: float = 5.0) -> Answer:
        """One question, one answer; also when the answer is an error (`Response: Error`).
        Raises `NoAnswer`, `UnsafeAction`."""
        return _answers(await self._send(checked(action), deadline_s, as_list=False), self.endpoint)[0]

    async def ask_list(self, action: Mapping[str, str], deadline_s: float = 10.0) -> list[Answer]:
        """A question answered by a list: its items, without the opening and closing message.

        Raises `NoAnswer`, `UnsafeAction`, and `Declined` with the switch's words when it answers with an
        error: for some lists that means no more than "empty".
        """
        answers = _answers(await self._send(checked(action), deadline_s, as_list=None), self.endpoint)
        if answers[0].get("Response") == "Error":
            raise Declined(answers[0].get("Message", ""))
        return [a for a in answers if "Response" not in a and a.get("EventList") != "Complete"]

    async def _send(
        self, action: dict[str, str], deadline_s: float, *, as_list: bool | None
    ) -> list[Answer] | TimedOut | LinkLost:
        connection = self._connection
        if connection is None or connection.lost.done():
            return LinkLost(sent=False)
        return await connection.send(action, deadline_s, as_list=as_list)

    def _say(self, state: LinkState) -> None:
        self.state = state
        if isinstance(state, Connecting):
            self._settled.clear()
        else:
            self._settled.set()
        if self._on_state is not None:
            self._on_state(state)

    async def _session(self) -> Ending:
        endpoint = self.endpoint
        connection = Sender(endpoint)
        try:
            async with asyncio.timeout(endpoint.connect_timeout_s):
                refused = await connection.open()
            if refused is not None:
                return Ending(endpoint.refusal(refused), refused=True)
            self._connection = connection
            self._say(Up(connection.banner or ""))
            await self._watch(connection)
        except OSError as error:
            return unreachable(endpoint, error, greeted=connection.banner is not None)
        finally:
            self._connection = None
            connection.close("stopped")
        return Ending(connection.lost.result())

    async def _watch(self, connection: Sender) -> None:
        """The answer itself counts: actions run one after another, so a Ping waits for the slow ones too."""
        while not connection.lost.done():
            await asyncio.wait({connection.lost}, timeout=self._ping_every_s)
            outcome = await connection.send({"Action": "Ping"}, self._ping_deadline_s, as_list=False)
            if isinstance(outcome, TimedOut):
                connection.close(f"PBX {self.endpoint.pbx}: no answer to a Ping within {outcome.after_s:g} s")
            elif not isinstance(outcome, LinkLost):
                self._backoff.reset()


def _answers(outcome: list[Answer] | TimedOut | LinkLost, endpoint: Endpoint) -> list[Answer]:
    if isinstance(outcome, TimedOut):
        raise NoAnswer(f"PBX {endpoint.pbx} gave no answer within {outcome.after_s:g} s")
    if isinstance(outcome, LinkLost):
        words = "the connection broke before the answer" if outcome.sent else "not connected"
        raise NoAnswer(f"PBX {endpoint.pbx}: {words}")
    return outcome
