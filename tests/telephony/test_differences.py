"""What a look at the switch shows against the floor: nothing while they agree, the right word when they do not."""

from collections.abc import Callable

import pytest

from telephony.calls import Leg
from telephony.differences import Difference, DifferenceKind
from telephony.ids import CallId, ChannelId, QueueName
from telephony.rebuild import Snapshot
from tests.fakes.ami_script import AmiScript, Channel
from tests.telephony.floors import Watched
from tests.telephony.test_rebuild import ANNA, BORIS, VERA, entry, live, member, of_live, snapshot

__all__ = ["live"]

pytestmark = pytest.mark.unit

Live = tuple[Watched, dict[str, Channel]]
KIND = DifferenceKind


def compared(live: Live, seen: Snapshot | None = None) -> list[tuple[DifferenceKind, str]]:
    watched, legs = live
    found = watched.floor.differences(seen or looked(legs, watched.script.now))
    return [(one.kind, one.about) for one in found]


def looked(legs: dict[str, Channel], now: float) -> Snapshot:
    """What `of_live` shows, but for the devices: no event of the script told of Anna's."""
    seen = of_live(legs, now)
    return Snapshot(seen.channels, seen.queues, seen.waiters, seen.members, None)


def test_a_floor_that_is_right_differs_in_nothing(live: Live) -> None:
    assert compared(live) == []


def test_lists_that_were_not_asked_for_are_not_compared(live: Live) -> None:
    assert compared(live, Snapshot(None, None, [], [], None)) == []


def test_a_call_and_a_leg_that_the_floor_never_heard_of(live: Live) -> None:
    _, legs = live
    other = AmiScript()
    other.number_from(900)
    stranger = other.arrives("791611100009")
    second = other.rings(legs["waits"], VERA)
    there = {**legs, "stranger": stranger, "second": second}
    assert compared(live, looked(there, other.now)) == [
        (KIND.MISSING_CALL, stranger.linkedid),
        (KIND.MISSING_LEG, legs["waits"].linkedid),
    ]


def test_a_call_and_a_leg_that_the_switch_no_longer_has(live: Live) -> None:
    watched, legs = live
    rows = {name: legs[name] for name in ("rung", "waits")}
    assert compared(live, looked_at_channels(rows, watched.script.now)) == [
        (KIND.GHOST_CALL, legs["talks"].linkedid),
        (KIND.GHOST_LEG, legs["rung"].linkedid),
    ]


def looked_at_channels(legs: dict[str, Channel], now: float) -> Snapshot:
    return Snapshot(snapshot(list(legs.values()), now).channels, None, [], [], None)


def test_a_call_that_the_floor_took_for_ended_lives(live: Live) -> None:
    watched, legs = live
    watched.script.gone(legs["waits"])
    watched.hear()
    (found,) = watched.floor.differences(looked_at_channels(legs, watched.script.now))
    assert (found.kind, found.floor) == (KIND.MISSING_CALL, "ended, unanswered")


def test_somebody_hears_somebody_else(live: Live) -> None:
    watched, legs = live
    legs["waits"].bridge = "b1"
    (found,) = watched.floor.differences(looked_at_channels(legs, watched.script.now))
    assert found == Difference(KIND.WRONG_BRIDGE, legs["waits"].name, "nothing", "b1")


def leg_of(watched: Watched, channel: Channel) -> Leg:
    return watched.floor.calls[CallId(channel.linkedid)].legs[ChannelId(channel.uniqueid)]


def test_a_talk_the_floor_forgot_although_it_knows_the_bridge(live: Live) -> None:
    watched, legs = live
    leg_of(watched, legs["anna"]).talk_since = None
    assert compared(live) == [(KIND.WRONG_TALK, legs["anna"].name)]


def test_a_ring_the_floor_forgot(live: Live) -> None:
    watched, legs = live
    leg_of(watched, legs["boris"]).ring = None
    assert compared(live) == [(KIND.MISSING_RING, legs["boris"].name)]


def test_a_device_of_an_agent_is_in_another_state(live: Live) -> None:
    watched, legs = live
    found = watched.floor.differences(of_live(legs, watched.script.now))
    assert found == [Difference(KIND.WRONG_DEVICE, ANNA, "unknown", "in_use")]


@pytest.mark.parametrize(
    ("queue", "differing"),
    [
        (lambda legs: [member(ANNA), member(BORIS)], (KIND.WRONG_PAUSE, f"{BORIS} in sales")),
        (lambda legs: [member(ANNA)], (KIND.GHOST_MEMBER, f"{BORIS} in sales")),
        (
            lambda legs: [member(ANNA), member(BORIS, paused=True), member(VERA)],
            (KIND.MISSING_MEMBER, f"{VERA} in sales"),
        ),
    ],
)
def test_members_and_pauses(
    live: Live,
    queue: Callable[[dict[str, Channel]], list[tuple[str, dict[str, str]]]],
    differing: tuple[DifferenceKind, str],
) -> None:
    watched, legs = live
    waiters = [entry(legs["rung"], 1, 12), entry(legs["waits"], 2, 7)]
    seen = snapshot(list(legs.values()), watched.script.now, queue(legs) + waiters)
    assert compared(live, Snapshot(None, seen.queues, seen.waiters, seen.members, None)) == [differing]


def test_who_waits_and_in_which_order(live: Live) -> None:
    watched, legs = live
    staff = [member(ANNA), member(BORIS, paused=True)]

    def differing(*waiters: tuple[str, dict[str, str]]) -> list[tuple[DifferenceKind, str]]:
        seen = snapshot(list(legs.values()), watched.script.now, [*staff, *waiters])
        return compared(live, Snapshot(None, seen.queues, seen.waiters, seen.members, None))

    rung, waits, talks = (legs[name] for name in ("rung", "waits", "talks"))
    assert differing(entry(rung, 1, 12), entry(waits, 2, 7)) == []
    assert differing(entry(waits, 1, 7), entry(rung, 2, 12)) == [(KIND.WRONG_ORDER, "sales")]
    assert differing(entry(waits, 1, 7), entry(talks, 2, 0)) == [
        (KIND.GHOST_WAITER, f"{rung.uniqueid} in sales"),
        (KIND.MISSING_WAITER, f"{talks.uniqueid} in sales"),
    ]


def test_a_queue_that_is_not_listed_is_said_nothing_of(live: Live) -> None:
    watched, _ = live
    other = Snapshot(None, [QueueName("support")], [], [], None)
    assert watched.floor.differences(other) == []


def test_a_rebuild_heals_what_was_found(live: Live) -> None:
    watched, legs = live
    floor, now = watched.floor, watched.script.now
    other = AmiScript(now=now)
    other.number_from(900)
    stranger = other.arrives("791611100009")
    there = {**{name: legs[name] for name in ("rung", "boris", "waits")}, "stranger": stranger}
    queue = [member(ANNA, paused=True), entry(legs["waits"], 1, 7), entry(legs["rung"], 2, 12)]
    seen = snapshot(list(there.values()), now, queue)
    kinds = {one.kind for one in floor.differences(seen)}
    assert kinds == {
        KIND.GHOST_CALL,
        KIND.MISSING_CALL,
        KIND.WRONG_DEVICE,
        KIND.GHOST_MEMBER,
        KIND.WRONG_PAUSE,
        KIND.WRONG_ORDER,
    }
    floor.rebuild(seen, now)
    assert floor.differences(seen) == []
