"""Stories of what makes a call more than a channel: rooms, listeners, bridges made from outside, phones with two calls."""

from telephony.changes import CallHeld, CallResumed
from tests.asterisk.stories.desk import Steps
from tests.asterisk.stories.rings import ONE, TWO
from tests.asterisk.stories.stage import Stage
from tests.asterisk.stories.tale import Told, tells

MOBILE = "Local/79990000001@mobile/n"


@tells(Told(ONE, (f"{MOBILE} answered",)))
async def mobile_that_must_press_1(on: Stage) -> None:
    """The mobile answers long before its owner takes the call: talk begins with the key."""
    await on.far_phone()
    await on.ask("QueueAdd", Queue="support", Interface=MOBILE)
    await on.call()
    mobile = await on.answered_outside()
    assert not any(agent.talking for agent in on.floor.agents.values())
    await on.ask("PlayDTMF", Channel=mobile, Digit="1", Receive="true")
    await on.ears.wait_for("AgentConnect")
    await on.talking(MOBILE)
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, (f"{MOBILE} no_answer", "1002 answered")))
async def mobile_whose_mailbox_answers(on: Stage) -> None:
    """Nobody presses 1: the client was never given to it."""
    await on.far_phone()
    await on.phone("1002")
    await on.ask("QueueAdd", Queue="support", Interface=MOBILE)
    await on.call()
    client = await on.channel("PJSIP/trunk")
    await on.answered_outside()
    await on.ask("QueueRemove", Queue="support", Interface=MOBILE)
    await on.ears.staff("support", "1002")
    await on.talking("1002")
    await on.ask("Hangup", Channel=client)
    await on.over()


@tells(Told(ONE, ("1001 answered", "1002 answered")))
async def bridged_by_ami(on: Stage) -> None:
    """Bridge puts the client together with another agent's leg; nothing announces that it belongs to his call now."""
    await on.phone("1001", "1002")
    await on.ears.staff("support", "1001")
    await on.ears.staff("sales", "1002")
    await on.call()
    await on.talking("1001")
    client = await on.channel("PJSIP/trunk")
    await on.ask(
        "Originate", Channel="PJSIP/1002", Context="announcement", Exten="s", Priority="1", Async="true",
        ChannelId="fetched-1",
    )  # fmt: skip
    await on.ears.wait_for("OriginateResponse")
    await on.ask("Bridge", Channel1=client, Channel2=await on.channel("PJSIP/1002"))
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 answered", "1002 answered")))
async def conference(on: Stage) -> None:
    """Redirect takes client and agent into a room, a colleague dials in; the room's own channels are nobody."""
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    await on.ears.staff("sales", "1002")
    await on.call()
    await on.talking("1001")
    await on.joined("PJSIP/trunk")
    await on.joined("PJSIP/1001")
    await on.ask(
        "Redirect", Channel=await on.channel("PJSIP/trunk"), ExtraChannel=await on.channel("PJSIP/1001"),
        Context="agents", ExtraContext="agents", Exten="800", ExtraExten="800", Priority="1", ExtraPriority="1",
    )  # fmt: skip
    await on.ears.wait_for("ConfbridgeJoin", count=2)
    await on.talking("1001")
    await on.dials("1002", "800")
    await on.talking("1001", "1002")
    await on.ask("Hangup", Channel=await on.channel("PJSIP/1002"))
    await on.talking("1001")
    await on.client_hangs_up()
    await on.talking()
    await on.ask("Hangup", Channel=await on.channel("PJSIP/1001"))
    await on.over()


@tells(Told(ONE, ("1001 answered",)), Told("1003", (), "unanswered", lines=(), dnis="*91001"))
async def listened_to(on: Stage) -> None:
    """A supervisor listens in: he is no party of the call."""
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    await on.ears.staff("sales", "1003")
    await on.call()
    await on.talking("1001")
    await on.dials("1003", "*91001", talk_s=20)
    await on.ears.wait_for("ChanSpyStart")
    await on.talking("1001")
    await on.client_hangs_up()
    await on.over(2)


@tells(Told(ONE, ("1001 answered",), lines=("shared",)), Told(TWO, ("1001 answered",), lines=("shared",)))
async def second_call_while_the_first_is_held(on: Stage) -> None:
    on.line("shared")
    await on.desk("1001", Steps().talk(0.2).hold().talk(1.5).resume().stay())
    await on.ears.staff("shared", "1001")
    await on.call(1)
    first = await on.channel("PJSIP/trunk")
    await on.watcher.until(lambda: any(isinstance(change, CallHeld) for change in on.watcher.changes))
    await on.call(2, talk_s=0.1)
    await on.ears.wait_for("AgentConnect", count=2)
    await on.watcher.until(lambda: any(isinstance(change, CallResumed) for change in on.watcher.changes))
    await on.ask("Hangup", Channel=first)
    await on.over(2)


@tells(Told(ONE, ("1001 answered",), lines=("shared",)), Told(TWO, ("1001 answered",), lines=("shared",)))
async def second_call_without_a_word_of_hold(on: Stage) -> None:
    """The phone takes the second call and tells nothing of the first: nobody has two pairs of ears."""
    on.line("shared")
    await on.phone("1001")
    await on.ears.staff("shared", "1001")
    await on.call(1)
    await on.talking("1001")
    first = await on.channel("PJSIP/trunk")
    await on.call(2, talk_s=0.5)
    await on.ears.wait_for("AgentConnect", count=2)
    await on.ears.wait_for("AgentComplete")
    await on.ask("Hangup", Channel=first)
    await on.over(2)


@tells(Told(ONE, ("1002 answered",)))
async def added_while_paused(on: Stage) -> None:
    """Who signs in to the line while he is paused is not rung."""
    await on.phone("1001", "1002")
    await on.ask("QueueAdd", Queue="support", Interface="PJSIP/1001", Paused="true", Reason="lunch")
    await on.call(talk_s=0.3)
    await on.ears.wait_for("QueueCallerJoin")
    await on.watcher.until(lambda: on.floor.agents["PJSIP/1001"].pauses == {"lunch"})
    await on.ears.staff("support", "1002")
    await on.over()


@tells(Told(ONE, outcome="unanswered", lines=("support", "support")))
async def withdrawn_from_the_line(on: Stage) -> None:
    """The switch calls it an abandon; the client is still there."""
    await on.call()
    await on.ears.wait_for("QueueCallerJoin")
    client = await on.channel("PJSIP/trunk")
    await on.ask("Redirect", Channel=client, Context="short-wait", Exten="long", Priority="1")
    await on.ears.wait_for("QueueCallerJoin", count=2)
    await on.ask("QueueWithdrawCaller", Queue="support", Caller=client)
    await on.over()


@tells(Told(ONE, ("1001 answered",), lines=("emptied", "default")))
async def line_without_anybody(on: Stage) -> None:
    """The line puts out its callers when nobody serves it; the dialplan sends them to the default one."""
    on.line("emptied")
    await on.phone("1001")
    await on.ears.staff("default", "1001")
    await on.call(talk_s=0.3)
    await on.over()
