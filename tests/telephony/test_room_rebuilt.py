"""After a break, or a start of ours: who is in our own room, for how long and why, as the switch's lists tell it."""

import pytest

from telephony.ami.resync import Snapshot, SnapshotBuilder
from telephony.ami.wire import Framer
from telephony.changes import CallAnswered, LineJoined, LineLeft, RingEnded, RingStarted
from telephony.differences import DifferenceKind
from telephony.floor import Floor
from telephony.ids import Interface, PbxId, QueueName
from telephony.queues import Place
from tests.fakes.ami_script import AmiScript, Channel
from tests.telephony.floors import Watched
from tests.telephony.invariants import check
from tests.telephony.test_rebuild import answer, entry, row, status

pytestmark = pytest.mark.unit

ANNA = Interface("PJSIP/1001")
SALES = QueueName("sales")
KIND = DifferenceKind
Where = tuple[str, str]
WAITS: Where = ("tierline-wait", "s")
RUNG: Where = ("tierline-connect", "1001*15*hand")
ASKED: Where = ("tierline-callback", "ask")
QUEUED: Where = ("tierline-queue", "4951234567")


def seen(
    channels: list[tuple[Channel, Where]],
    now: float,
    joined: float,
    *,
    queue: tuple[tuple[str, dict[str, str]], ...] = (),
) -> Snapshot:
    """`channels`: where each is in the dialplan; on all of them stands what it noted of a wait in sales."""
    noted = {
        "TIERLINE_QUEUE": "sales",
        "TIERLINE_JOINED": f"{joined:.3f}",
        "TIERLINE_PRIO": "7",
        "TIERLINE_EXECUTOR": "directed",
    }
    variables = "\r\nVariable: ".join(f"{name}={value}" for name, value in noted.items())

    def place(where: Where) -> dict[str, str]:
        return {"Context": where[0], "Exten": where[1]}

    rows = [("CoreShowChannel", {**row(one, now), **place(where)}) for one, where in channels]
    ages = [
        ("Status", {**status(one, now), **place(where), "Variable": variables}) for one, where in channels
    ]
    text = (
        answer(*rows, complete="CoreShowChannelsComplete")
        + answer(*ages, complete="StatusComplete", number="Items")
        + answer(("QueueParams", {"Queue": "sales"}), *queue, complete="QueueStatusComplete")
        + answer(complete="DeviceStateListComplete")
    )
    builder = SnapshotBuilder()
    for message in Framer().feed(text.encode()):
        builder.add(message)
    return builder.done()


class Waiting:
    """A caller who came into the room of sales 20 s ago."""

    def __init__(self) -> None:
        self.watched = Watched()
        self.script = self.watched.script
        self.caller = self.script.arrives()
        self.joined = self.script.now
        self.script.stays(self.caller, "sales", 7, self.joined)
        self.script.wait(20)
        self.watched.hear()

    def looked(self, where: Where, *others: tuple[Channel, Where]) -> Snapshot:
        return seen([(self.caller, where), *others], self.script.now, self.joined)

    def rebuilt(self, snapshot: Snapshot) -> Floor:
        """On the floor that knew him."""
        floor = self.watched.floor
        self.watched.changes += floor.rebuild(snapshot, self.script.now)
        check(floor, self.watched.changes)
        return floor

    def restarted(self, snapshot: Snapshot) -> Floor:
        """On a floor that knows nothing."""
        self.watched.floor = Floor(PbxId("test"), {ANNA})
        self.watched.changes = []
        return self.rebuilt(snapshot)


@pytest.fixture
def one() -> Waiting:
    return Waiting()


def place(floor: Floor) -> Place:
    (call,) = floor.calls.values()
    assert call.place is not None
    assert floor.queues[SALES].waiting == [call.place]
    return call.place


def test_he_still_waits_there(one: Waiting) -> None:
    before = place(one.watched.floor)
    floor = one.rebuilt(one.looked(WAITS))
    assert place(floor) is before
    assert len(one.watched.of(LineJoined)) == 1
    assert not one.watched.of(LineLeft)


def test_a_start_of_ours_finds_him_with_his_age_and_priority(one: Waiting) -> None:
    found = place(one.restarted(one.looked(WAITS)))
    assert (found.room, found.priority) == (True, 7)
    assert found.joined_at == pytest.approx(one.joined, abs=0.001)


def test_an_agent_whom_we_rang_rings_for_his_line_after_our_start(one: Waiting) -> None:
    anna = one.script.rings_for(one.caller, ANNA, "sales", 7, one.joined)
    floor = one.restarted(one.looked(RUNG, (anna, ("agents", "1001*15*hand"))))
    (rung,) = one.watched.of(RingStarted)
    assert isinstance(rung, RingStarted)
    assert (rung.interface, rung.queue) == (ANNA, "sales")
    assert (place(floor).room, place(floor).calling) == (True, None)
    one.watched.script = one.script = AmiScript(now=one.script.now)
    one.watched._fed = 0
    one.script.picks_up(one.caller, anna)
    one.watched.hear()
    (answered,) = one.watched.of(CallAnswered)
    assert isinstance(answered, CallAnswered)
    assert answered.queue == "sales"
    assert answered.waited == pytest.approx(20, abs=0.1)


def test_an_order_of_which_nothing_is_seen_yet_is_known(one: Waiting) -> None:
    """The snapshot fell between our order and the ring."""
    assert place(one.restarted(one.looked(RUNG))).calling == ANNA


def test_who_talks_with_whom_we_rang_was_served_by_his_line(one: Waiting) -> None:
    anna = one.script.rings_for(one.caller, ANNA, "sales", 7, one.joined)
    one.script.picks_up(one.caller, anna, bridge="b1")
    one.restarted(one.looked(RUNG, (anna, ("agents", "1001*15*hand"))))
    (answered,) = one.watched.of(CallAnswered)
    assert isinstance(answered, CallAnswered)
    assert (answered.interface, answered.queue) == (ANNA, "sales")
    assert len(one.watched.of(LineJoined)) == len(one.watched.of(LineLeft)) == 1


def test_he_became_an_orphan_meanwhile(one: Waiting) -> None:
    snapshot = seen([(one.caller, QUEUED)], one.script.now, one.joined, queue=(entry(one.caller, 1, 3, 7),))
    floor = one.rebuilt(snapshot)
    assert not place(floor).room
    assert len(one.watched.of(LineJoined)) == 1


def test_a_start_of_ours_finds_an_orphan_as_old_as_he_is(one: Waiting) -> None:
    """app_queue has him for three seconds only."""
    snapshot = seen([(one.caller, QUEUED)], one.script.now, one.joined, queue=(entry(one.caller, 1, 3, 7),))
    found = place(one.restarted(snapshot))
    assert not found.room
    assert found.joined_at == pytest.approx(one.joined, abs=0.001)


def test_he_went_elsewhere_meanwhile(one: Waiting) -> None:
    floor = one.rebuilt(one.looked(("somewhere", "1")))
    one.watched.changes += floor.tick(one.script.now + 2)
    assert [type(change).__name__ for change in one.watched.changes if isinstance(change, LineLeft)] == [
        "LineLeft"
    ]
    assert floor.queues[SALES].waiting == []


def test_whom_the_dialplan_asks_something_still_waits(one: Waiting) -> None:
    assert place(one.rebuilt(one.looked(ASKED))).room
    assert not one.watched.of(LineLeft)


def test_a_ring_that_ended_in_the_gap_is_over(one: Waiting) -> None:
    one.script.rings_for(one.caller, ANNA, "sales", 7, one.joined)
    one.watched.hear()
    floor = one.rebuilt(one.looked(WAITS))
    assert len(one.watched.of(RingEnded)) == 1
    assert place(floor).room


@pytest.mark.parametrize(
    ("where", "found"), [(WAITS, []), (RUNG, []), (ASKED, []), (QUEUED, [KIND.GHOST_WAITER])]
)
def test_a_look_at_the_switch_finds_who_is_there_no_more(
    one: Waiting, where: Where, found: list[DifferenceKind]
) -> None:
    snapshot = one.looked(where)
    looked = Snapshot(snapshot.channels, snapshot.queues, [], [], None)
    assert [difference.kind for difference in one.watched.floor.differences(looked)] == found


def test_a_look_at_the_switch_finds_who_waits_unseen() -> None:
    watched = Watched()
    caller = watched.script.arrives()
    watched.hear()
    now = watched.script.now
    snapshot = seen([(caller, WAITS)], now, now)
    (difference,) = watched.floor.differences(Snapshot(snapshot.channels, None, [], [], None))
    assert (difference.kind, difference.about) == (KIND.MISSING_WAITER, f"{caller.uniqueid} in the room")
