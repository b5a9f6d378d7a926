import pytest
from hypothesis import given
from hypothesis import strategies as st

from telephony.ami.actions import LINE_LIMIT, NAME_LIMIT, UnsafeAction, checked, to_actions
from telephony.commands import AddMember, Command, HangUp, PauseMember, RemoveMember
from telephony.ids import ChannelId, Interface, QueueName

pytestmark = pytest.mark.unit

SALES = QueueName("sales")
ANNA = Interface("PJSIP/1001")


def to_action(command: Command) -> dict[str, str]:
    (action,) = to_actions(command)
    return action


def test_an_agent_joins_a_queue_paused_with_his_reason() -> None:
    assert to_action(AddMember(SALES, ANNA, "Иванова Анна", paused=True, reason="Обед")) == {
        "Action": "QueueAdd",
        "Queue": "sales",
        "Interface": "PJSIP/1001",
        "MemberName": "Иванова Анна",
        "Penalty": "0",
        "Paused": "true",
        "Reason": "Обед",
    }


def test_an_agent_leaves_a_queue() -> None:
    assert to_action(RemoveMember(SALES, ANNA)) == {
        "Action": "QueueRemove",
        "Queue": "sales",
        "Interface": "PJSIP/1001",
    }


def test_a_pause_without_a_queue_is_for_all_queues() -> None:
    assert to_action(PauseMember(ANNA, True, "lunch")) == {
        "Action": "QueuePause",
        "Interface": "PJSIP/1001",
        "Paused": "true",
        "Reason": "lunch",
    }
    assert to_action(PauseMember(ANNA, False, queue=SALES))["Queue"] == "sales"


def test_a_hangup_names_the_channel_by_its_unique_id() -> None:
    assert to_action(HangUp(ChannelId("main-1795331468.39"), "PJSIP/trunk-00000025")) == {
        "Action": "Hangup",
        "Channel": "main-1795331468.39",
        "Cause": "16",
    }


@pytest.mark.parametrize("channel", ["/^PJSIP.*/", "", "   "])
def test_a_hangup_that_could_hit_others_is_refused(channel: str) -> None:
    with pytest.raises(UnsafeAction, match="Channel"):
        to_action(HangUp(ChannelId(channel), ""))


@pytest.mark.parametrize("cause", [0, -1, 128])
def test_a_hangup_cause_must_exist(cause: int) -> None:
    with pytest.raises(UnsafeAction, match=r"Q\.850"):
        to_action(HangUp(ChannelId("a.1"), "", cause))


@pytest.mark.parametrize("evil", ["x\r\nAction: Originate", "x\ny", "x\ry", "x\0y"])
def test_a_value_that_would_begin_another_action_is_refused_by_the_name_of_its_header(evil: str) -> None:
    with pytest.raises(UnsafeAction, match="Reason contains a"):
        to_action(PauseMember(ANNA, True, evil))
    with pytest.raises(UnsafeAction, match="MemberName contains a"):
        to_action(AddMember(SALES, ANNA, evil))


def test_a_header_name_cannot_carry_another_header() -> None:
    with pytest.raises(UnsafeAction, match="not the name of an AMI header"):
        checked({"Action": "Getvar", "Variable: X\r\nAction": "Originate"})


def test_names_longer_than_the_switch_keeps_are_refused_and_not_cut() -> None:
    assert to_action(AddMember(SALES, ANNA, "a" * NAME_LIMIT))["MemberName"] == "a" * NAME_LIMIT
    with pytest.raises(UnsafeAction, match="MemberName is 80 bytes long"):
        to_action(AddMember(SALES, ANNA, "ж" * 40))


def test_a_line_longer_than_the_switch_reads_is_refused() -> None:
    fits = LINE_LIMIT - len("Value: ")
    assert checked({"Action": "Setvar", "Value": "v" * fits})["Value"] == "v" * fits
    with pytest.raises(UnsafeAction, match="Value is 1001 bytes long"):
        checked({"Action": "Setvar", "Value": "v" * (fits + 1)})


def test_required_names_may_not_be_empty() -> None:
    with pytest.raises(UnsafeAction, match="Queue is empty"):
        to_action(RemoveMember(QueueName(" "), ANNA))


def test_half_a_unicode_letter_is_refused() -> None:
    with pytest.raises(UnsafeAction, match="not valid Unicode"):
        to_action(PauseMember(ANNA, True, "\udc80"))


def test_an_originate_is_always_asynchronous() -> None:
    action = checked({"Action": "originate", "Channel": "PJSIP/1001", "async": "false"})
    assert action == {"Action": "originate", "Channel": "PJSIP/1001", "Async": "true"}


def test_an_action_needs_a_name() -> None:
    with pytest.raises(UnsafeAction, match="'Action'"):
        checked({"Queue": "sales"})


@given(queue=st.text(), interface=st.text(), name=st.text(), reason=st.text(), paused=st.booleans())
def test_whatever_people_type_stays_within_one_action(
    queue: str, interface: str, name: str, reason: str, paused: bool
) -> None:
    try:
        action = to_action(AddMember(QueueName(queue), Interface(interface), name, paused, reason))
    except UnsafeAction:
        return
    wire = "".join(f"{header}: {value}\r\n" for header, value in action.items()).encode()
    assert wire.splitlines() == wire.removesuffix(b"\r\n").split(b"\r\n")
    assert len(wire.split(b"\r\n")) - 1 == len(action)
