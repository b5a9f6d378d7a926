"""Stories of a line whose callers wait in our own room and are given to agents by our order."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from telephony.changes import RingEnded
from telephony.commands import Beat, BlindTransfer, LineExecutor, Redirect, RingAgent, ToLine, ToRoom
from telephony.ids import ChannelId, Interface, QueueName
from telephony.queues import Place
from tests.asterisk.stories.rings import ONE, TWO
from tests.asterisk.stories.stage import Stage
from tests.asterisk.stories.tale import Told, tells
from tests.fakes.pauses import running
from tests.fakes.routing_webhook import straight

SUPPORT, SALES = QueueName("support"), QueueName("sales")
BEAT_S = 0.3


@asynccontextmanager
async def heart(on: Stage) -> AsyncIterator[None]:
    """Beats, as the product's does, from now on."""

    async def beat() -> None:
        await on.order(Beat(time.time_ns() // 1_000_000))

    async def go_on() -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            await beat()

    await beat()
    async with running(go_on()):
        yield


@asynccontextmanager
async def directed(on: Stage) -> AsyncIterator[None]:
    """Callers of support wait with us."""
    on.webhook.answer = lambda _: straight("support", priority=7, executor="directed")
    async with heart(on):
        yield


async def waits(on: Stage, queue: QueueName = SUPPORT, *, room: bool = True) -> Place:
    """The only one who waits there, once he does, with us or in app_queue."""

    def there() -> bool:
        known = on.floor.queues.get(queue)
        return known is not None and [place.room for place in known.waiting] == [room]

    await on.watcher.until(there)
    (place,) = on.floor.queues[queue].waiting
    return place


async def rings(on: Stage, place: Place, extension: str, *, ring_s: int = 15) -> None:
    await on.order(RingAgent(place.channel, Interface(f"PJSIP/{extension}"), ring_s))


async def rung_in_vain(on: Stage, times: int = 1) -> None:
    def told() -> bool:
        return sum(isinstance(change, RingEnded) for change in on.watcher.changes) == times

    await on.watcher.until(told)


@tells(Told(ONE, ("1001 answered",)))
async def directed_answered(on: Stage) -> None:
    """He waits with us, an agent is rung for him and answers."""
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    async with directed(on):
        await on.call(talk_s=0.5)
        await rings(on, await waits(on), "1001")
        await on.talking("1001")
        await on.over()


@tells(Told(ONE, ("1001 no_answer", "1002 answered")))
async def directed_rona_then_next_agent(on: Stage) -> None:
    """It is one wait, from his coming to the second agent's answer."""
    await on.phone("1001", ring_s=30)
    await on.phone("1002")
    async with directed(on):
        await on.call(talk_s=0.3)
        place = await waits(on)
        await rings(on, place, "1001", ring_s=1)
        await rung_in_vain(on)
        await rings(on, place, "1002")
        await on.over()


@tells(Told(ONE, ("1001 rejected", "1011 failed", "1012 answered")))
async def directed_refused_then_not_there(on: Stage) -> None:
    """The first agent declines, the second one's phone never was registered."""
    await on.sipp.refusing_phones(["1001"], "603 Decline")
    await on.phone("1012")
    async with directed(on):
        await on.call(talk_s=0.3)
        place = await waits(on)
        await rings(on, place, "1001")
        await rung_in_vain(on)
        await rings(on, place, "1011")
        await rung_in_vain(on, 2)
        await rings(on, place, "1012")
        await on.over()


@tells(Told(ONE, outcome="abandoned"))
async def directed_abandoned_while_waiting(on: Stage) -> None:
    async with directed(on):
        await on.call(patience_s=0.7)
        await waits(on)
        await on.over()


@tells(Told(ONE, ("1001 cancelled",), "abandoned"))
async def directed_abandoned_while_ringing(on: Stage) -> None:
    await on.phone("1001", ring_s=30)
    async with directed(on):
        await on.call(patience_s=1.0)
        await rings(on, await waits(on), "1001")
        await on.ringing("1001")
        await on.over()


@tells(Told(ONE, outcome="unanswered"))
async def directed_waited_too_long(on: Stage) -> None:
    """The dialplan apologises and hangs up: no abandon."""
    limit = (await on.ask("Getvar", Variable="TIERLINE_QUEUE_TIMEOUT"))["Value"]
    await on.ask("Setvar", Variable="TIERLINE_QUEUE_TIMEOUT", Value="1")
    try:
        async with directed(on):
            await on.call()
            await waits(on)
            await on.over()
    finally:
        await on.ask("Setvar", Variable="TIERLINE_QUEUE_TIMEOUT", Value=limit)


@tells(Told(ONE, ("1001 answered",)))
async def directed_orphaned_and_served_by_queue(on: Stage) -> None:
    """Our heart stops: app_queue has him, and gives him to the first member it finds. It is one wait."""
    await on.phone("1001")
    async with directed(on):
        await on.call(talk_s=0.5)
        await waits(on)
    await waits(on, room=False)
    await on.ears.staff("support", "1001")
    await on.talking("1001")
    await on.over()


@tells(Told(ONE, ("1001 answered",)))
async def directed_orphaned_and_taken_back(on: Stage) -> None:
    """Our heart beats again: he is fetched, and given to an agent by us."""
    await on.phone("1001")
    async with directed(on):
        await on.call(talk_s=0.5)
        await waits(on)
    place = await waits(on, room=False)
    async with heart(on):
        await on.order(ToRoom(SUPPORT, place.channel, await on.channel("PJSIP/trunk")))
        await rings(on, await waits(on), "1001")
        await on.talking("1001")
        await on.over()


@tells(Told(ONE, ("1001 answered",)), Told(TWO, ("1002 answered",)))
async def directed_who_comes_while_the_heart_stands_still(on: Stage) -> None:
    """The first one found out that it does; the second one is not made to."""
    async with directed(on):
        await on.call(1, talk_s=0.5)
        await waits(on)
    await waits(on, room=False)
    await on.phone("1001", "1002")
    await on.ears.staff("support", "1001")
    await on.talking("1001")
    await on.call(2, talk_s=0.3)
    await waits(on, room=False)
    await on.ears.staff("support", "1002")
    await on.over(2)


@tells(Told(ONE, ("1001 answered",)))
async def directed_through_a_broken_link_while_waiting(on: Stage) -> None:
    await on.phone("1001")
    async with directed(on):
        await on.call(talk_s=0.5)
        place = await waits(on)
        await on.watcher.disconnect()
        await on.watcher.connect()
        assert await waits(on) is place
        await rings(on, place, "1001")
        await on.talking("1001")
        await on.over()


@tells(Told(ONE, ("1001 answered",)))
async def directed_through_a_broken_link_while_ringing(on: Stage) -> None:
    await on.phone("1001", ring_s=1.5)
    async with directed(on):
        await on.call(talk_s=0.5)
        place = await waits(on)
        await rings(on, place, "1001")
        await on.ringing("1001")
        await on.watcher.disconnect()
        await on.watcher.connect()
        assert await waits(on) is place
        await on.talking("1001")
        await on.over()


@tells(Told(ONE, ("1001 answered",)))
async def directed_found_ringing_after_a_restart(on: Stage) -> None:
    """We start anew while an agent is rung for him: his line and his wait are known, and that it rings for his line."""
    await on.phone("1001", ring_s=2.5)
    await on.ears.staff("support", "1001")
    async with directed(on):
        await on.call(talk_s=0.5)
        place = await waits(on)
        await rings(on, place, "1001")
        await on.ringing("1001")
        await on.watcher.disconnect()
        on.watcher.forget()
        await on.watcher.connect()
        again = await waits(on)
        assert abs(again.joined_at - place.joined_at) < 0.000_01
        await on.talking("1001")
        await on.over()


@tells(Told(TWO, ("1002 answered",)), Told(ONE, ("1001 answered",)))
async def directed_from_before_the_connection(on: Stage) -> None:
    """One talks with an agent whom we had rung, one waits with us, when we start anew."""
    await on.phone("1001", "1002")
    await on.ears.staff("support", "1001", "1002")
    async with directed(on):
        await on.call(1, talk_s=3)
        await rings(on, await waits(on), "1001")
        await on.talking("1001")
        await on.call(2, talk_s=0.3)
        place = await waits(on)
        await on.watcher.disconnect()
        on.watcher.forget()
        await on.watcher.connect()
        again = await waits(on)
        assert (again.channel, again.priority) == (place.channel, 7)
        assert abs(again.joined_at - place.joined_at) < 0.000_01
        await on.talking("PJSIP/1001")
        await rings(on, again, "1002")
        await on.over(2)


@tells(Told(ONE, ("1001 answered",)))
async def directed_served_while_the_link_was_broken(on: Stage) -> None:
    """He waited when it broke and talks when it is back."""
    await on.phone("1001")
    async with directed(on):
        await on.call(talk_s=2)
        place = await waits(on)
        await on.watcher.disconnect()
        await rings(on, place, "1001")
        await on.joined("PJSIP/1001")
        await on.watcher.connect()
        await on.talking("1001")
        await on.over()


@tells(Told(ONE, ("1001 answered",), lines=("support", "sales")))
async def directed_moved_to_another_line(on: Stage) -> None:
    """From one directed line to another: two waits."""
    await on.phone("1001")
    await on.order(LineExecutor(SALES, True))
    async with directed(on):
        await on.call(talk_s=0.3)
        place = await waits(on)
        await on.order(Redirect(place.channel, ToLine(SALES)))
        await rings(on, await waits(on, SALES), "1001")
        await on.over()
    await on.order(LineExecutor(SALES, False))


@tells(
    Told(ONE, ("1001 answered", "1002 answered"), lines=("support", "sales"), transfers=("blind 1001 sales",))
)
async def transferred_into_a_directed_line(on: Stage) -> None:
    """app_queue gave him to the first agent, we give him to the second."""
    await on.phone("1001", "1002")
    await on.ears.staff("support", "1001")
    await on.order(LineExecutor(SALES, True))
    async with heart(on):
        await on.call()
        await on.joined("PJSIP/trunk")
        await on.talking("1001")
        agent = ChannelId((await on.ears.wait_for("AgentConnect"))["DestUniqueid"])
        await on.order(BlindTransfer(agent, ToLine(SALES)))
        await rings(on, await waits(on, SALES), "1002")
        await on.talking("1002")
        await on.client_hangs_up()
        await on.over()
    await on.order(LineExecutor(SALES, False))
