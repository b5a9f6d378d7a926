"""Stories of calls that begin in the house, began before we looked, or live through a broken link."""

from tests.asterisk.stories.rings import ONE, TWO
from tests.asterisk.stories.stage import Stage
from tests.asterisk.stories.tale import Told, tells


@tells(Told("1001", (), lines=(), dnis="979000000001"))
async def outbound_from_a_phone(on: Stage) -> None:
    await on.far_phone()
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    await on.dials("1001", "979000000001")
    await on.talking("1001")
    await on.client_hangs_up()
    await on.over()


@tells(Told("1001", (), "rejected", lines=(), dnis="979000000001"))
async def outbound_to_a_busy_number(on: Stage) -> None:
    await on.far_phone(refuses="486 Busy Here")
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    await on.dials("1001", "979000000001")
    await on.over()


@tells(Told("1001", lines=(), dnis="979000000001"))
async def outbound_by_originate(on: Stage) -> None:
    """The page dials: first the agent's phone, then the client."""
    await on.far_phone()
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    await on.ask(
        "Originate", Channel="PJSIP/1001", Context="agents", Exten="979000000001", Priority="1", Async="true",
        CallerID="74951234567", ChannelId="originated-1", Timeout="5000",
    )  # fmt: skip
    await on.talking("1001")
    await on.client_hangs_up()
    await on.over()


@tells(Told("1001", ("1002 answered",), lines=(), dnis="1002"))
async def internal(on: Stage) -> None:
    await on.phone("1001", "1002")
    await on.ears.staff("support", "1001")
    await on.dials("1001", "1002", talk_s=0.5)
    await on.over()


@tells(Told(TWO, outcome="abandoned"), Told(ONE, ("1001 answered",)))
async def calls_from_before_the_connection(on: Stage) -> None:
    """One talks and one waits when we connect."""
    await on.watcher.disconnect()
    on.watcher.forget()
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    await on.call(1)
    await on.ears.wait_for("AgentConnect")
    first = await on.channel("PJSIP/trunk")
    await on.call(2, patience_s=3)
    await on.ears.wait_for("QueueCallerJoin", count=2)
    await on.watcher.connect()
    await on.talking("1001")
    await on.ask("QueueRemove", Queue="support", Interface="PJSIP/1001")
    await on.ask("Hangup", Channel=first)
    await on.over(2)


@tells(Told(ONE, ("1001 answered",)), Told(TWO, ("1002 answered",)))
async def calls_through_a_broken_link(on: Stage) -> None:
    """One talks on through it; one waited before it and is answered while we do not listen."""
    await on.phone("1001", "1002")
    await on.ears.staff("support", "1001")
    await on.call(1)
    await on.talking("1001")
    await on.call(2)
    await on.watcher.until(lambda: bool(on.floor.queues["support"].waiting))
    await on.watcher.disconnect()
    await on.ears.staff("support", "1002")
    await on.ears.wait_for("AgentConnect", count=2)
    await on.watcher.connect()
    await on.talking("1001", "1002")
    await on.ask("Hangup", Channel="/^PJSIP.trunk-/")
    await on.over(2)


@tells(Told(ONE, ("1001 answered",)))
async def call_that_ended_while_the_link_was_broken(on: Stage) -> None:
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    await on.call()
    await on.talking("1001")
    await on.watcher.disconnect()
    await on.client_hangs_up()
    await on.ears.wait_for("AgentComplete")
    await on.ears.wait_for("Hangup", Channel=await on.channel("PJSIP/trunk"))
    await on.watcher.connect()
    await on.over()


@tells(Told("1001", (), "unanswered", lines=(), dnis=None))
async def outbound_by_originate_that_nobody_takes(on: Stage) -> None:
    """The agent's own phone rings in vain: the client is never called."""
    await on.phone("1001", ring_s=30)
    await on.ears.staff("support", "1001")
    await on.ask(
        "Originate", Channel="PJSIP/1001", Context="agents", Exten="979000000001", Priority="1", Async="true",
        ChannelId="originated-2", Timeout="700",
    )  # fmt: skip
    await on.over()


@tells(Told(ONE, ("1001 answered", "1002 answered")))
async def transferred_while_the_link_was_broken(on: Stage) -> None:
    """We left him with 1001 and find him with 1002."""
    await on.phone("1001", "1002")
    await on.ears.staff("support", "1001")
    await on.ears.staff("sales", "1002")
    await on.call()
    await on.joined("PJSIP/trunk")
    await on.talking("1001")
    await on.watcher.disconnect()
    await on.ask("BlindTransfer", Channel=await on.channel("PJSIP/1001"), Context="agents", Exten="1002")
    await on.joined("PJSIP/1002")
    await on.ears.wait_for("Hangup", Channel=await on.channel("PJSIP/1001"))
    await on.watcher.connect()
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 cancelled", "1002 answered")))
async def rung_by_another_after_a_broken_link(on: Stage) -> None:
    """1001 rang when the link broke, 1002 talks when it is back."""
    await on.phone("1001", ring_s=30)
    await on.phone("1002")
    await on.ears.staff("support", "1001")
    await on.call()
    await on.ringing("1001")
    await on.watcher.disconnect()
    await on.ask("Hangup", Channel=await on.channel("PJSIP/1001"))
    await on.ask("QueueRemove", Queue="support", Interface="PJSIP/1001")
    await on.ears.staff("support", "1002")
    await on.ears.wait_for("AgentConnect")
    await on.watcher.connect()
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()
