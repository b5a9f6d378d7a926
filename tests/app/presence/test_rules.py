"""What is told to the switch so that it has what an agent wants: each difference once, and nothing else."""

from collections.abc import Mapping

import pytest

from app.presence.rules import MemberCommand, Wanted, commands, missing
from telephony.commands import AddMember, PauseMember, RemoveMember
from telephony.ids import Interface, QueueName

pytestmark = pytest.mark.unit

PHONE = Interface("PJSIP/1001")
SALES, HELP, FOREIGN = QueueName("sales"), QueueName("help"), QueueName("theirs")


def anna(*pauses: str, signed_in: bool = True) -> Wanted:
    return Wanted(PHONE, "Anna", signed_in, pauses, (SALES, HELP))


@pytest.mark.parametrize(
    ("wanted", "has", "told"),
    [
        (anna(), {}, [AddMember(queue, PHONE, "Anna", False, "") for queue in (SALES, HELP)]),
        (anna("lunch"), {SALES: "lunch"}, [AddMember(HELP, PHONE, "Anna", True, "lunch")]),
        (anna(), {SALES: None, HELP: None}, []),
        (anna("lunch"), {SALES: None, HELP: "lunch"}, [PauseMember(PHONE, True, "lunch", SALES)]),
        (anna(), {SALES: "", HELP: None}, [PauseMember(PHONE, False, "", SALES)]),
        (
            anna("lunch"),
            {SALES: "break", HELP: "break"},
            [PauseMember(PHONE, True, "lunch", queue) for queue in (SALES, HELP)],
        ),
        (anna(signed_in=False), {SALES: "lunch"}, [RemoveMember(SALES, PHONE)]),
        (anna(), {SALES: None, HELP: None, FOREIGN: "lunch"}, []),
    ],
    ids=[
        "comes",
        "one_line_more",
        "nothing",
        "breaks",
        "returns",
        "break_becomes_lunch",
        "leaves",
        "foreign",
    ],
)
def test_the_difference_is_told(
    wanted: Wanted, has: Mapping[QueueName, str | None], told: list[MemberCommand]
) -> None:
    assert commands(wanted, has) == told


def test_a_switch_that_forgot_is_reminded_of_those_who_are_signed_in() -> None:
    gone = Wanted(Interface("PJSIP/1002"), "Boris", False, (), (SALES,))
    told = missing([anna("lunch"), gone], {PHONE: {SALES: None}, gone.interface: {SALES: None}})
    assert told == [PauseMember(PHONE, True, "lunch", SALES), AddMember(HELP, PHONE, "Anna", True, "lunch")]
