"""Stories of ringing: who takes the call, who does not, and who gives up."""

from tests.asterisk.stories.stage import Stage
from tests.asterisk.stories.tale import Told, tells

ONE, TWO = "79000000001", "79000000002"


@tells(Told(ONE, ("1001 answered",)))
async def answered(on: Stage) -> None:
    """One client, one agent; the client hangs up."""
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    await on.call(talk_s=1.0)
    await on.over()


@tells(Told(ONE, ("1001 answered",)))
async def agent_hangs_up(on: Stage) -> None:
    await on.phone("1001", talk_s=1.0)
    await on.ears.staff("support", "1001")
    await on.call()
    await on.over()


@tells(Told(ONE, outcome="abandoned"))
async def abandoned(on: Stage) -> None:
    """Nobody is there; the client gives up."""
    await on.call(patience_s=0.5)
    await on.over()


@tells(Told(ONE, ("1001 cancelled",), "abandoned"))
async def caller_gone_while_ringing(on: Stage) -> None:
    await on.phone("1001", ring_s=30)
    await on.ears.staff("support", "1001")
    await on.call(patience_s=1.5)
    await on.over()


@tells(Told(ONE, ("1001 elsewhere", "1002 answered", "1003 elsewhere"), lines=("everybody",)))
async def ringall(on: Stage) -> None:
    """All phones ring, the second one takes it."""
    on.line("everybody")
    await on.phone("1001", "1003", ring_s=30)
    await on.phone("1002", ring_s=0.5)
    await on.ears.staff("everybody", "1001", "1002", "1003")
    await on.call()
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 no_answer", "1002 answered"), lines=("quick",)))
async def rona(on: Stage) -> None:
    """The first agent lets it ring until the line takes it from him; he is paused, the next one answers."""
    on.line("quick")
    await on.phone("1001", ring_s=30)
    await on.phone("1002")
    await on.ears.staff("quick", "1001")
    await on.call(talk_s=0.3)
    await on.ears.wait_for("AgentRingNoAnswer")
    await on.ask("QueuePause", Interface="PJSIP/1001", Paused="true", Reason="RONA")
    await on.ears.staff("quick", "1002")
    await on.over()


async def _refused(on: Stage, status: str) -> None:
    await on.sipp.refusing_phones(["1001"], status)
    await on.phone("1002")
    await on.ears.staff("support", "1001")
    await on.call(talk_s=0.3)
    await on.ears.wait_for("AgentRingNoAnswer")
    await on.ask("QueuePause", Interface="PJSIP/1001", Paused="true")
    await on.ears.staff("support", "1002")
    await on.over()


@tells(Told(ONE, ("1001 busy", "1002 answered")))
async def busy(on: Stage) -> None:
    await _refused(on, "486 Busy Here")


@tells(Told(ONE, ("1001 rejected", "1002 answered")))
async def rejected(on: Stage) -> None:
    await _refused(on, "603 Decline")


@tells(Told(ONE, ("1001 rejected", "1002 answered"), lines=("careful",)))
async def agent_gone_before_the_bridge(on: Stage) -> None:
    """He takes the phone and hangs up before the line has joined him with the client, who waits on."""
    on.line("careful")
    await on.phone("1001", talk_s=0.1)
    await on.phone("1002")
    await on.ears.staff("careful", "1001")
    await on.call(talk_s=0.3)
    await on.ears.wait_for("Hangup", Channel=await on.channel("PJSIP/1001"))
    await on.ask("QueueRemove", Queue="careful", Interface="PJSIP/1001")
    await on.ears.staff("careful", "1002")
    await on.over()


@tells(Told(ONE, ("1001 answered",)), Told(TWO, ("1001 answered",)))
async def second_waits_for_the_same_agent(on: Stage) -> None:
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    await on.call(1)
    await on.talking("1001")
    first = await on.channel("PJSIP/trunk")
    await on.call(2, talk_s=0.3)
    await on.ears.wait_for("QueueCallerJoin", count=2)
    await on.ask("Hangup", Channel=first)
    await on.over(2)


@tells(Told(ONE, outcome="unanswered", lines=("support", "support")))
async def line_timed_out(on: Stage) -> None:
    """The line gives up on him, the dialplan apologises and hangs up: no abandon."""
    await on.call()
    await on.ears.wait_for("QueueCallerJoin")
    client = await on.channel("PJSIP/trunk")
    await on.ask("Redirect", Channel=client, Context="short-wait", Exten="s", Priority="1")
    await on.over()


@tells(Told(ONE, ("1001 answered",), lines=("support", "sales")))
async def moved_to_another_line_while_waiting(on: Stage) -> None:
    await on.phone("1001")
    await on.ears.staff("sales", "1001")
    await on.call(talk_s=0.3)
    await on.ears.wait_for("QueueCallerJoin")
    client = await on.channel("PJSIP/trunk")
    await on.ask("Redirect", Channel=client, Context="agents", Exten="2000", Priority="1")
    await on.over()


@tells(Told(ONE, ("1050 answered",)))
async def tab_closed(on: Stage) -> None:
    """The phone says no goodbye: without sound the switch ends the call."""
    await on.phone("1050")
    await on.ears.staff("support", "1050")
    await on.call()
    await on.talking("1050")
    await on.over()
