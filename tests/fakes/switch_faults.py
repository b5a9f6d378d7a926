"""Faults to order for `FakeSwitch.rules`: `switch.rules["QueueAdd"] = never()`."""

import asyncio

from tests.fakes.switch import FakeSwitch, Rule, Session, refusal
from tests.fakes.switch_state import Headers


def never() -> Rule:
    """No answer; the action is not done either."""

    async def rule(session: Session, action: Headers) -> None:
        return None

    return rule


def refuse(message: str) -> Rule:
    async def rule(session: Session, action: Headers) -> bytes:
        return refusal(action, message)

    return rule


def later(switch: FakeSwitch, gate: asyncio.Event) -> Rule:
    """The proper answer, when the gate opens. Until then the connection's other actions wait, too."""

    async def rule(session: Session, action: Headers) -> bytes:
        await gate.wait()
        return switch.answer(session, action)

    return rule


def hang_up(switch: FakeSwitch, after: int = 0) -> Rule:
    """The first `after` bytes of the answer, then the connection is over: cut in mid-list."""

    async def rule(session: Session, action: Headers) -> None:
        session.send(switch.answer(session, action)[:after])
        session.writer.close()

    return rule
