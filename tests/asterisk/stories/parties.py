"""Stories of what happens within a call: hold, pick-up, parking, forwarding, members behind Local channels."""

from telephony.changes import CallHeld, CallResumed
from tests.asterisk.stories.desk import Steps
from tests.asterisk.stories.rings import ONE
from tests.asterisk.stories.stage import Stage
from tests.asterisk.stories.tale import Told, tells


@tells(Told(ONE, ("1001 answered",)))
async def hold(on: Stage) -> None:
    """The agent's phone puts the client on hold and takes him back."""
    await on.desk("1001", Steps().talk(0.2).hold().talk(0.5).resume().stay())
    await on.ears.staff("support", "1001")
    await on.call()
    await on.watcher.until(lambda: any(isinstance(change, CallHeld) for change in on.watcher.changes))
    await on.watcher.until(lambda: any(isinstance(change, CallResumed) for change in on.watcher.changes))
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 answered",)))
async def hold_that_was_forgotten(on: Stage) -> None:
    """The client hangs up while on hold."""
    await on.desk("1001", Steps().talk(0.2).hold().stay())
    await on.ears.staff("support", "1001")
    await on.call(talk_s=1.5)
    await on.watcher.until(lambda: any(isinstance(change, CallHeld) for change in on.watcher.changes))
    await on.over()


@tells(Told(ONE, ("1001 elsewhere", "1002 answered")))
async def pick_up(on: Stage) -> None:
    """1001 rings, a colleague takes the call at his own phone."""
    await on.phone("1001", ring_s=30)
    await on.phone("1002")
    await on.ears.staff("support", "1001")
    await on.ears.staff("sales", "1002")
    await on.call()
    await on.ringing("1001")
    await on.dials("1002", "*81001")
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 answered", "1002 answered")))
async def parked_and_retrieved(on: Stage) -> None:
    await on.phone("1001", "1002")
    await on.ears.staff("support", "1001")
    await on.ears.staff("sales", "1002")
    await on.call()
    await on.joined("PJSIP/trunk")
    await on.ask("Park", Channel=await on.channel("PJSIP/trunk"))
    parked = await on.ears.wait_for("ParkedCall")
    await on.talking()
    await on.dials("1002", parked["ParkingSpace"])
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 answered", "1001 answered")))
async def parked_and_come_back(on: Stage) -> None:
    """Nobody fetches the client: the phone that parked him is rung."""
    await on.phone("1001")
    await on.ears.staff("support", "1001")
    await on.call()
    await on.joined("PJSIP/trunk")
    client, agent = await on.channel("PJSIP/trunk"), await on.channel("PJSIP/1001")
    await on.ask("Park", Channel=client, TimeoutChannel=agent, Timeout="1000")
    await on.ears.wait_for("ParkedCallTimeOut")
    await on.talking("1001")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 elsewhere", "1002 answered")))
async def forwarded(on: Stage) -> None:
    """302: his phone sends the call to another one; behind it stands a new Local channel."""
    await on.sipp.refusing_phones(
        ["1001"], "302 Moved Temporarily\nContact: <sip:1002@[remote_ip]:[remote_port]>"
    )
    await on.phone("1002")
    await on.ears.staff("support", "1001")
    await on.call(talk_s=0.5)
    await on.over()


@tells(Told(ONE, ("Local/1001@agents answered",)))
async def local_member_that_optimises_itself_away(on: Stage) -> None:
    """As soon as both speak; the agent's phone goes over into the client's bridge, and his talk goes on."""
    await on.sounding_phone("1001", 1000)
    await on.ask("QueueAdd", Queue="support", Interface="Local/1001@agents")
    await on.sounding_call(talk_s=1.5)
    await on.ears.wait_for("LocalOptimizationEnd")
    await on.over()


@tells(Told(ONE, ("Local/1001@agents/n answered",)))
async def local_member_that_stays(on: Stage) -> None:
    await on.phone("1001")
    await on.ask("QueueAdd", Queue="support", Interface="Local/1001@agents/n")
    await on.call(talk_s=0.7)
    await on.over()
