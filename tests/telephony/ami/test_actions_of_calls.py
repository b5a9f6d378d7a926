"""Commands about calls, recordings and supervisors: what is sent for each, and what never is."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony import commands as order
from telephony.ami.actions import UnsafeAction, to_actions
from telephony.commands import Command, SpyMode, Target, ToAgent, ToLine, ToNumber
from telephony.ids import ChannelId, Interface, QueueName

pytestmark = pytest.mark.unit

LEG = ChannelId("main-1795331468.39")
CLIENT = ChannelId("main-1795331468.38")
NAME = "PJSIP/trunk-00000025"
ANNA = Interface("PJSIP/1001")
SALES = QueueName("sales")
OURS = ChannelId("ours-7")


def one(command: Command) -> dict[str, str]:
    (action,) = to_actions(command)
    return action


@pytest.mark.parametrize(
    ("to", "context", "exten"),
    [
        (ToAgent(ANNA), "tierline-to-agent", "1001"),
        (ToLine(SALES), "tierline-to-line", "sales"),
        (ToNumber("+79161234567"), "tierline-to-number", "+79161234567"),
    ],
)
def test_a_leg_is_sent_to_an_agent_a_line_or_a_number(to: Target, context: str, exten: str) -> None:
    there = {"Channel": LEG, "Context": context, "Exten": exten}
    assert one(order.Redirect(LEG, to)) == {"Action": "Redirect", "Priority": "1", **there}
    assert one(order.BlindTransfer(LEG, to)) == {"Action": "BlindTransfer", **there}
    assert one(order.Consult(LEG, to)) == {"Action": "Atxfer", **there}
    called = one(order.Originate(OURS, ANNA, to))
    assert (called["Context"], called["Exten"], called["Priority"]) == (context, exten, "1")


def test_a_caller_is_rung_through_with_one_action() -> None:
    assert one(order.RingAgent(CLIENT, ANNA, 3, auto_answer=True)) == {
        "Action": "Redirect",
        "Channel": CLIENT,
        "Context": "tierline-connect",
        "Exten": "1001*3*auto",
        "Priority": "1",
    }
    assert one(order.RingAgent(CLIENT, ANNA))["Exten"] == "1001*15*hand"


def test_a_call_of_ours_has_ids_of_ours_and_stops_nobody() -> None:
    assert one(order.Originate(OURS, ANNA, ToNumber("89161234567"), ring_s=12, shows="74951234567")) == {
        "Action": "Originate",
        "ActionID": "ours-7",
        "Channel": "PJSIP/1001",
        "Context": "tierline-to-number",
        "Exten": "89161234567",
        "Priority": "1",
        "Timeout": "12000",
        "ChannelId": "ours-7",
        "OtherChannelId": "ours-7-other",
        "Variable": "TIERLINE_BY_AGENT=yes",
        "CallerID": "74951234567",
        "Async": "true",
    }
    asked = one(order.Originate(OURS, ANNA, ToAgent(ANNA), auto_answer=True))["Variable"]
    assert asked == "TIERLINE_BY_AGENT=yes,PJSIP_HEADER(add,Call-Info)=<sip:tierline>;answer-after=0"


def test_a_priority_changes_at_once() -> None:
    assert one(order.ChangePriority(SALES, CLIENT, NAME, 7)) == {
        "Action": "QueueChangePriorityCaller",
        "Queue": "sales",
        "Caller": NAME,
        "Priority": "7",
        "Immediate": "yes",
    }


def test_a_caller_is_withdrawn() -> None:
    assert one(order.WithdrawCaller(SALES, CLIENT, NAME, "callback")) == {
        "Action": "QueueWithdrawCaller",
        "Queue": "sales",
        "Caller": NAME,
        "WithdrawInfo": "callback",
    }


def test_a_hold_names_the_client_before_the_code_is_given() -> None:
    named, code = to_actions(order.Hold(LEG, CLIENT))
    assert named == {"Action": "Setvar", "Channel": LEG, "Variable": "TIERLINE_HOLD", "Value": CLIENT}
    assert code == {"Action": "PlayDTMF", "Channel": LEG, "Digit": "B", "Receive": "true"}
    assert one(order.Unhold(LEG)) == {"Action": "Setvar", "Channel": LEG, "Variable": "TIERLINE_HOLD"}


def test_a_consultation_ends_as_the_agent_wants() -> None:
    def keys(command: Command) -> str:
        return "".join(action["Digit"] for action in to_actions(command))

    assert one(order.ConsultCancel(LEG)) == {"Action": "CancelAtxfer", "Channel": LEG}
    assert keys(order.ConsultComplete(LEG)) == "DC"
    assert keys(order.Conference(LEG)) == "DD"
    assert keys(order.ConsultSwap(LEG)) == "C"


def test_parking_and_fetching() -> None:
    assert one(order.Park(CLIENT, ANNA, 90)) == {
        "Action": "Park",
        "Channel": CLIENT,
        "TimeoutChannel": "PJSIP/1001",
        "Timeout": "90000",
        "Parkinglot": "tierline",
    }
    fetched = one(order.Unpark(OURS, ANNA, 17))
    assert (fetched["Context"], fetched["Exten"]) == ("tierline-unpark", "17")


def test_a_recording_is_begun_by_the_dialplan_and_never_with_a_command() -> None:
    named, code = to_actions(order.RecordStart(CLIENT, "main-1.7_2"))
    assert (named["Variable"], named["Value"]) == ("TIERLINE_RECORD_FILE", "main-1.7_2")
    assert (code["Action"], code["Digit"]) == ("PlayDTMF", "A")
    sent = [*to_actions(order.RecordPause(CLIENT)), *to_actions(order.RecordStop(CLIENT))]
    assert {"Action": "MixMonitorMute", "Channel": CLIENT, "Direction": "both", "State": "1"} in sent
    assert {"Action": "StopMixMonitor", "Channel": CLIENT} in sent
    resumed = to_actions(order.RecordResume(CLIENT))
    assert {"Action": "MixMonitorMute", "Channel": CLIENT, "Direction": "both", "State": "0"} in resumed
    assert not any("Command" in action for action in [named, code, *sent, *resumed])


@pytest.mark.parametrize("mode", SpyMode)
def test_a_supervisor_listens_to_one_leg_by_its_id(mode: SpyMode) -> None:
    spying = one(order.Spy(OURS, LEG, ANNA, mode))
    assert spying["Variable"] == f"TIERLINE_SPY={LEG}"
    assert (spying["Context"], spying["Exten"], spying["ChannelId"]) == ("tierline-spy", mode, "ours-7")


def test_a_listening_supervisor_changes_his_mode_by_key() -> None:
    assert [one(order.SpyAs(LEG, mode))["Digit"] for mode in SpyMode] == ["4", "5", "6"]


@pytest.mark.parametrize(
    "interface", ["1001", "Local/1001@agents", "PJSIP/", "PJSIP/1001&PJSIP/1002", "PJSIP/1001,30", "PJSIP/${X}", "PJSIP/1*2"]
)  # fmt: skip
def test_only_one_device_is_rung(interface: str) -> None:
    device = Interface(interface)
    for command in (
        order.RingAgent(CLIENT, device),
        order.Redirect(CLIENT, ToAgent(device)),
        order.Originate(OURS, device, ToLine(SALES)),
        order.Park(CLIENT, device),
        order.Unpark(OURS, device, 1),
        order.Spy(OURS, LEG, device, SpyMode.LISTEN),
    ):
        with pytest.raises(UnsafeAction, match="cannot be rung"):
            to_actions(command)


@pytest.mark.parametrize(
    "number", ["", "1", "*72", "+", "123#", "9,,5", "0" * 21, "+7 916", "${NUMBER}", "٣٤٥"]
)
def test_feature_codes_and_other_orders_are_no_numbers(number: str) -> None:
    with pytest.raises(UnsafeAction, match="cannot be dialled"):
        to_actions(order.BlindTransfer(LEG, ToNumber(number)))
    with pytest.raises(UnsafeAction, match="cannot be dialled"):
        to_actions(order.Originate(OURS, ANNA, ToNumber("89161234567"), shows=number))


def test_the_heart_beats_for_the_whole_switch() -> None:
    assert one(order.Beat(7)) == {"Action": "Setvar", "Variable": "TIERLINE_BEAT", "Value": "7"}


def test_the_switch_is_told_who_serves_a_line() -> None:
    variable = "TIERLINE_DIRECTED_sales"
    served = {"Action": "Setvar", "Variable": variable}
    assert one(order.LineExecutor(SALES, True)) == {**served, "Value": "yes"}
    assert one(order.LineExecutor(SALES, False)) == served


@pytest.mark.parametrize(
    ("position", "minutes", "told"), [(3, 5, "3-5"), (1, None, "1-0"), (None, 12, "0-12")]
)
def test_a_caller_in_the_room_is_told_what_is_known(
    position: int | None, minutes: int | None, told: str
) -> None:
    said = one(order.Announce(CLIENT, position, minutes))
    assert said == {"Action": "Setvar", "Channel": CLIENT, "Variable": "TIERLINE_ANNOUNCE", "Value": told}


def test_an_announcement_of_nothing_is_not_sent() -> None:
    with pytest.raises(UnsafeAction, match="nothing to announce"):
        to_actions(order.Announce(CLIENT))


def test_who_is_fetched_into_the_room_leaves_the_queue_by_its_own_door() -> None:
    """A Redirect would tear the talk that app_queue may have begun a moment ago."""
    assert one(order.ToRoom(SALES, CLIENT, NAME)) == {
        "Action": "QueueWithdrawCaller",
        "Queue": "sales",
        "Caller": NAME,
        "WithdrawInfo": "room",
    }
    with pytest.raises(UnsafeAction, match="no reason"):
        to_actions(order.WithdrawCaller(SALES, CLIENT, NAME, "room"))


def test_who_leaves_the_room_is_said_goodbye() -> None:
    left = one(order.LeaveRoom(CLIENT))
    assert (left["Action"], left["Context"], left["Exten"]) == ("Redirect", "tierline-released", "s")


def test_who_waits_long_is_asked_beside_his_wait() -> None:
    asked = one(order.OfferCallback(CLIENT))
    assert (asked["Action"], asked["Context"], asked["Exten"]) == ("Redirect", "tierline-callback", "waiting")


@pytest.mark.parametrize("queue", ["", "a b", "sales,r", "${Q}", "a/b", "a" * 80])
def test_a_line_is_called_by_a_plain_name(queue: str) -> None:
    with pytest.raises(UnsafeAction, match="cannot be called"):
        to_actions(order.LineExecutor(QueueName(queue), True))
    with pytest.raises(UnsafeAction, match="cannot be called"):
        to_actions(order.Redirect(LEG, ToLine(QueueName(queue))))


@pytest.mark.parametrize(
    "file", ["", "../etc/passwd", "/etc/x", "a/b", "a b", "a,b", "a|b", "${X}", ".wav", "-x", "a" * 300, "ж"]
)
def test_a_recording_stays_in_its_folder(file: str) -> None:
    with pytest.raises(UnsafeAction, match="no name for a recording"):
        to_actions(order.RecordStart(CLIENT, file))


@pytest.mark.parametrize("pattern", ["/^PJSIP.*/", "", " "])
def test_a_command_is_for_one_channel(pattern: str) -> None:
    leg = ChannelId(pattern)
    for command in (
        order.RingAgent(leg, ANNA),
        order.Announce(leg, 1),
        order.LeaveRoom(leg),
        order.OfferCallback(leg),
        order.Redirect(leg, ToAgent(ANNA)),
        order.Hold(leg, CLIENT),
        order.Unhold(leg),
        order.BlindTransfer(leg, ToAgent(ANNA)),
        order.Consult(leg, ToAgent(ANNA)),
        order.ConsultComplete(leg),
        order.ConsultCancel(leg),
        order.ConsultSwap(leg),
        order.Conference(leg),
        order.Park(leg, ANNA),
        order.RecordStart(leg, "x"),
        order.RecordPause(leg),
        order.RecordResume(leg),
        order.RecordStop(leg),
        order.SpyAs(leg, SpyMode.BARGE),
    ):
        with pytest.raises(UnsafeAction, match="Channel"):
            to_actions(command)
    for unnamed in (
        order.ChangePriority(SALES, CLIENT, pattern, 1),
        order.WithdrawCaller(SALES, CLIENT, pattern),
        order.ToRoom(SALES, CLIENT, pattern),
    ):
        with pytest.raises(UnsafeAction, match="Caller"):
            to_actions(unnamed)


@pytest.mark.parametrize("evil", ["a,b", "x=y", "a b", "", "a)", "${SHELL(id)}", "/^a/"])
def test_an_id_that_becomes_a_variable_is_plain(evil: str) -> None:
    for command in (
        order.Originate(ChannelId(evil), ANNA, ToLine(SALES)),
        order.Spy(OURS, ChannelId(evil), ANNA, SpyMode.LISTEN),
        order.Hold(LEG, ChannelId(evil)),
    ):
        with pytest.raises(UnsafeAction, match="is no channel's id"):
            to_actions(command)


@pytest.mark.parametrize(
    "command",
    [
        order.ChangePriority(SALES, CLIENT, NAME, -1),
        order.ChangePriority(SALES, CLIENT, NAME, 2_000_000_001),
        order.RingAgent(CLIENT, ANNA, 0),
        order.RingAgent(CLIENT, ANNA, 301),
        order.Park(CLIENT, ANNA, 0),
        order.Beat(0),
        order.Announce(CLIENT, 0),
        order.Announce(CLIENT, None, 0),
        order.Unpark(OURS, ANNA, 0),
    ],
)
def test_figures_have_bounds(command: Command) -> None:
    with pytest.raises(UnsafeAction, match="out of bounds"):
        to_actions(command)


_WORDS = st.one_of(
    st.text(max_size=30), st.sampled_from(["PJSIP/1001", "x\r\nAction: Command", "ours-7", "+7916123"])
)
_TARGETS = st.one_of(
    _WORDS.map(lambda w: ToAgent(Interface(w))),
    _WORDS.map(lambda w: ToLine(QueueName(w))),
    _WORDS.map(ToNumber),
)
_VALUES: dict[Any, st.SearchStrategy[Any]] = {
    int: st.integers(),
    bool: st.booleans(),
    SpyMode: st.sampled_from(SpyMode),
    Target: _TARGETS,
    str | None: st.none() | _WORDS,
    int | None: st.none() | st.integers(),
    QueueName | None: st.none() | _WORDS,
}


def _any(kind: type) -> st.SearchStrategy[Any]:
    hints = kind.__annotations__
    return st.builds(kind, **{field: _VALUES.get(hint, _WORDS) for field, hint in hints.items()})


@given(st.one_of([_any(kind) for kind in get_args(Command)]))
def test_no_command_whatever_it_holds_becomes_more_than_its_actions(command: Command) -> None:
    try:
        actions = to_actions(command)
    except UnsafeAction:
        return
    for action in actions:
        wire = "".join(f"{header}: {value}\r\n" for header, value in action.items()).encode()
        assert len(wire.split(b"\r\n")) - 1 == len(wire.splitlines()) == len(action)
        assert "Command" not in (action["Action"], *action)
        assert "Application" not in action
