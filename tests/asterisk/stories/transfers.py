"""Stories of transfers: the client moves from one agent to another, to a line, or to nobody."""

from telephony.changes import CallTransferred
from tests.asterisk.stories.desk import Steps
from tests.asterisk.stories.rings import ONE
from tests.asterisk.stories.stage import Stage
from tests.asterisk.stories.tale import Told, tells

PASSED_ON = ("1001 answered", "1002 answered")


async def _first_talks(on: Stage, steps: Steps | None = None, *, talk_s: float = 20.0) -> None:
    """A client talks with 1001; 1002 has a phone."""
    if steps is None:
        await on.phone("1001")
    else:
        await on.desk("1001", steps)
    await on.ears.staff("support", "1001")
    await on.call(talk_s=talk_s)
    await on.joined("PJSIP/trunk")


@tells(Told(ONE, PASSED_ON, transfers=("blind 1001 1002",)))
async def blind_transfer_by_ami(on: Stage) -> None:
    await on.phone("1002")
    await _first_talks(on)
    agent = await on.channel("PJSIP/1001")
    await on.ask("BlindTransfer", Channel=agent, Context="agents", Exten="1002")
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, PASSED_ON, transfers=("blind 1001 1002",)))
async def blind_transfer_by_refer(on: Stage) -> None:
    await on.phone("1002")
    await _first_talks(on, Steps().talk(0.3).refer("1002"))
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 answered", "1002 cancelled"), transfers=("blind 1001 1002",)))
async def blind_transfer_that_nobody_takes(on: Stage) -> None:
    """The only sign is the client's hang-up."""
    await on.phone("1002", ring_s=30)
    await _first_talks(on, Steps().talk(0.2).refer("1002"), talk_s=2.5)
    await on.ringing("1002")
    await on.over()


@tells(Told(ONE, PASSED_ON))
async def redirected_by_ami(on: Stage) -> None:
    """Redirect takes the client out of the bridge; the agent's leg falls."""
    await on.phone("1002")
    await _first_talks(on)
    client = await on.channel("PJSIP/trunk")
    await on.ask("Redirect", Channel=client, Context="agents", Exten="1002", Priority="1")
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, PASSED_ON, lines=("support", "sales"), transfers=("blind 1001 2000",)))
async def transfer_to_another_line(on: Stage) -> None:
    await on.phone("1002")
    await on.ears.staff("sales", "1002")
    await _first_talks(on, Steps().talk(0.2).refer("2000"))
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 answered",), lines=("support", "sales"), transfers=("blind 1001 2000",)))
async def transfer_to_a_line_where_he_gives_up(on: Stage) -> None:
    await _first_talks(on, Steps().talk(0.2).refer("2000"), talk_s=2.5)
    await on.ears.wait_for("QueueCallerJoin", Queue="sales")
    await on.over()


@tells(Told(ONE, PASSED_ON, transfers=("attended 1001 1002",)))
async def attended_transfer_by_ami(on: Stage) -> None:
    """Atxfer: consult, then the first agent hangs up; the client is with the second one."""
    await on.phone("1002")
    await _first_talks(on)
    agent = await on.channel("PJSIP/1001")
    await on.ask("Atxfer", Channel=agent, Context="agents", Exten="1002")
    await on.ears.wait_for("BridgeEnter", Channel=await on.channel("PJSIP/1002"))
    await on.ask("Hangup", Channel=agent)
    await on.ears.wait_for("AttendedTransfer")
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, PASSED_ON, transfers=("attended 1001 1002",)))
async def attended_transfer_of_two_who_speak(on: Stage) -> None:
    """The Local channel of the consultation is taken out: 1002 goes over into the client's bridge in mid-talk."""
    await on.sounding_phone("1001", 1000)
    await on.sounding_phone("1002", 700)
    await on.ears.staff("support", "1001")
    await on.sounding_call()
    await on.joined("PJSIP/trunk")
    agent = await on.channel("PJSIP/1001")
    await on.ask("Atxfer", Channel=agent, Context="agents", Exten="1002")
    await on.joined("PJSIP/1002")
    await on.ask("Hangup", Channel=agent)
    await on.ears.wait_for("AttendedTransfer")
    await on.ears.wait_for("LocalOptimizationEnd")
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, PASSED_ON, transfers=("attended 1001 1002",)))
async def attended_transfer_by_refer(on: Stage) -> None:
    """A second call from the same phone, then REFER with Replaces."""
    await on.phone("1002")
    password = on.pbx.phone_passwords["1001"]
    steps = Steps().hold().consult("1001", password, "1002").talk(0.3).refer_to_second("1002")
    await _first_talks(on, steps)
    await on.ears.wait_for("AttendedTransfer")
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, PASSED_ON, transfers=("attended 1001 1002",)))
async def blonde_transfer_by_ami(on: Stage) -> None:
    """The first agent hangs up while the second one still rings: the transfer is told before anybody answers."""
    await on.phone("1002", ring_s=1.5)
    await _first_talks(on)
    agent = await on.channel("PJSIP/1001")
    await on.ask("Atxfer", Channel=agent, Context="agents", Exten="1002")
    second = await on.channel("PJSIP/1002")
    await on.ears.wait_for("Newstate", Channel=second, ChannelStateDesc="Ringing")
    await on.ask("Hangup", Channel=agent)
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, PASSED_ON, transfers=("attended 1001 1002",)))
async def blonde_transfer_by_refer(on: Stage) -> None:
    await on.phone("1002", ring_s=1.0)
    password = on.pbx.phone_passwords["1001"]
    steps = Steps().hold().consult("1001", password, "1002", wait_for="180").refer_to_second("1002")
    await _first_talks(on, steps)
    await on.ears.wait_for("AttendedTransfer")
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 answered", "1002 answered"), transfers=("attended 1001 1002",)))
async def three_way(on: Stage) -> None:
    """1001 consults 1002 and brings the client in: all three hear each other; 1001 leaves later."""
    await on.phone("1002")
    await _first_talks(on)
    agent = await on.channel("PJSIP/1001")
    await on.ask("Atxfer", Channel=agent, Context="agents", Exten="1002")
    await on.ears.wait_for("BridgeEnter", Channel=await on.channel("PJSIP/1002"))
    for digit in "*3":
        await on.ask("PlayDTMF", Channel=agent, Digit=digit, Receive="true")
    await on.ears.wait_for("AttendedTransfer")
    await on.talking("1001", "1002")
    await on.ask("Hangup", Channel=agent)
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, PASSED_ON, lines=("support", "sales"), transfers=("attended 1001 2000",)))
async def attended_transfer_to_another_line(on: Stage) -> None:
    """1001 waits on the other line himself and gives the client his place there."""
    await on.phone("1002")
    password = on.pbx.phone_passwords["1001"]
    steps = Steps().hold().consult("1001", password, "2000", wait_for="180").talk(0.3).refer_to_second("2000")
    await _first_talks(on, steps)
    await on.ears.wait_for("AttendedTransfer")
    await on.ears.staff("sales", "1002")
    await on.talking("1002")
    await on.client_hangs_up()
    await on.over()


@tells(Told(ONE, ("1001 answered", "1002 busy")))
async def consulted_in_vain(on: Stage) -> None:
    """The colleague is busy; the first agent is back with the client."""
    await on.sipp.refusing_phones(["1002"])
    await _first_talks(on)
    await on.ask("Atxfer", Channel=await on.channel("PJSIP/1001"), Context="agents", Exten="1002")
    await on.ears.wait_for("Hangup", Channel=await on.channel("PJSIP/1002"))
    await on.talking("1001")
    await on.ears.wait_for("BridgeEnter", count=5)
    await on.client_hangs_up()
    await on.over()


@tells(
    Told(
        ONE,
        ("1001 answered", "1002 answered", "1001 answered"),
        transfers=("blind 1001 1002", "blind 1002 1001"),
    )
)
async def there_and_back_again(on: Stage) -> None:
    """The second agent sends the client back to the first one."""
    await on.desk("1002", Steps().talk(0.3).refer("1001"))
    await _first_talks(on)
    await on.ask("BlindTransfer", Channel=await on.channel("PJSIP/1001"), Context="agents", Exten="1002")
    await on.watcher.until(lambda: sum(isinstance(one, CallTransferred) for one in on.watcher.changes) == 2)
    await on.talking("1001")
    await on.client_hangs_up()
    await on.over()
