"""After a break the switch's own lists become the floor; what was missed is told."""

import msgspec
import pytest

from app.calls.recording import Identity, Recorder
from telephony.ami.resync import SNAPSHOT_ACTIONS, Snapshot, SnapshotBuilder
from telephony.ami.wire import Framer
from telephony.calls import Direction, Stage
from telephony.changes import (
    AgentChanged,
    CallAnswered,
    CallArrived,
    CallDoubtful,
    CallEnded,
    Change,
    LineJoined,
    LineLeaving,
    LineLeft,
    RingEnded,
    RingStarted,
    TalkEnded,
)
from telephony.events import DeviceState
from telephony.floor import Floor
from telephony.ids import PbxId, QueueName
from tests.fakes.ami_script import AmiScript, Channel
from tests.telephony.floors import Watched, events_of
from tests.telephony.invariants import check

pytestmark = pytest.mark.unit

ANNA, BORIS, VERA = "PJSIP/1001", "PJSIP/1002", "PJSIP/1003"


def answer(*items: tuple[str, dict[str, str]], complete: str, number: str = "ListItems") -> str:
    """A list as the switch sends it."""
    text = "Response: Success\r\nActionID: s\r\nEventList: start\r\n\r\n"
    for name, headers in items:
        lines = {"Event": name, "ActionID": "s", **headers}
        text += "".join(f"{header}: {value}\r\n" for header, value in lines.items()) + "\r\n"
    count = f"{number}: {len(items)}"
    return text + f"Event: {complete}\r\nActionID: s\r\nEventList: Complete\r\n{count}\r\n\r\n"


def row(channel: Channel, now: float) -> dict[str, str]:
    outgoing = channel.uniqueid != channel.linkedid
    seconds = int(now - float(channel.uniqueid[4:].partition(".")[0]))
    return {
        **channel.headers(),
        "Application": "AppQueue" if outgoing else "Queue",
        "ApplicationData": "(Outgoing Line)" if outgoing else "sales",
        "Duration": f"00:{seconds // 60:02d}:{seconds % 60:02d}",
        "BridgeId": channel.bridge or "",
    }


def status(channel: Channel, now: float) -> dict[str, str]:
    seconds = int(now - float(channel.uniqueid[4:].partition(".")[0]))
    return {**channel.headers(), "Seconds": str(seconds), "BridgeID": channel.bridge or ""}


def member(interface: str, paused: bool = False) -> tuple[str, dict[str, str]]:
    state = {"Paused": "1" if paused else "0", "PausedReason": "lunch" if paused else ""}
    return "QueueMember", {"Queue": "sales", "Name": "Agent", "Location": interface, **state}


def entry(channel: Channel, position: int, wait: int, priority: int = 0) -> tuple[str, dict[str, str]]:
    headers = {"Queue": "sales", "Position": str(position), "Uniqueid": channel.uniqueid}
    return "QueueEntry", {**headers, "Wait": str(wait), "Priority": str(priority)}


def snapshot(
    channels: list[Channel],
    now: float,
    queue: list[tuple[str, dict[str, str]]] | None = None,
) -> Snapshot:
    devices = [("DeviceStateChange", {"Device": ANNA, "State": "INUSE"})]
    text = (
        answer(*(("CoreShowChannel", row(c, now)) for c in channels), complete="CoreShowChannelsComplete")
        + answer(*(("Status", status(c, now)) for c in channels), complete="StatusComplete", number="Items")
        + answer(("QueueParams", {"Queue": "sales"}), *(queue or []), complete="QueueStatusComplete")
        + answer(*devices, complete="DeviceStateListComplete")
    )
    builder = SnapshotBuilder()
    for message in Framer().feed(text.encode()):
        builder.add(message)
    return builder.done()


@pytest.fixture
def live() -> tuple[Watched, dict[str, Channel]]:
    """One caller waits, one is rung at Boris's, one talks with Anna."""
    seen = Watched()
    script = seen.script
    for phone in (ANNA, BORIS):
        script.member("sales", phone, paused=phone == BORIS)
    talks = script.arrives("791611100001")
    script.joins(talks, "sales")
    anna = script.rings(talks, ANNA, "sales")
    script.picks_up(talks, anna, "sales", bridge="b1")
    script.wait(10)
    rung = script.arrives("791611100002")
    script.joins(rung, "sales", 1)
    boris = script.rings(rung, BORIS, "sales")
    script.wait(5)
    waits = script.arrives("791611100003")
    script.joins(waits, "sales", 2)
    script.wait(7)
    seen.hear()
    return seen, {"talks": talks, "anna": anna, "rung": rung, "boris": boris, "waits": waits}


def picture(floor: Floor) -> dict[str, object]:
    """What a snapshot can tell of a floor."""
    return {
        "calls": {
            call.id: (
                call.ani,
                call.dnis,
                call.direction,
                call.stage,
                call.queue,
                sorted(call.legs),
                sorted(call.ringing),
                sorted(call.talking),
            )
            for call in floor.calls.values()
            if call.stage is not Stage.ENDED
        },
        "agents": {
            agent.interface: (
                agent.activity,
                agent.paused,
                agent.pauses,
                sorted(agent.memberships),
                agent.ringing,
                agent.talking,
            )
            for agent in floor.agents.values()
        },
        "queues": {
            queue.name: ([place.call for place in queue.waiting], sorted(queue.members))
            for queue in floor.queues.values()
        },
    }


def of_live(legs: dict[str, Channel], now: float) -> Snapshot:
    queue = [
        member(ANNA),
        member(BORIS, paused=True),
        entry(legs["rung"], 1, 12, priority=5),
        entry(legs["waits"], 2, 7),
    ]
    return snapshot(list(legs.values()), now, queue)


def test_a_fresh_floor_is_rebuilt_as_events_had_built_it(live: tuple[Watched, dict[str, Channel]]) -> None:
    seen, legs = live
    now = seen.script.now
    fresh = Floor(PbxId("test"))
    fresh.mark_stale()
    changes = fresh.rebuild(of_live(legs, now), now)
    assert picture(fresh) == picture(seen.floor)
    assert not fresh.stale
    arrived = {change.call for change in changes if isinstance(change, CallArrived)}
    assert arrived == {legs[name].linkedid for name in ("talks", "rung", "waits")}
    doubtful = {change.call for change in changes if isinstance(change, CallDoubtful)}
    assert doubtful == {legs["talks"].linkedid, legs["rung"].linkedid}
    waits = fresh.calls[legs["waits"].linkedid]
    assert waits.joined_at == pytest.approx(now - 7)
    assert waits.started == pytest.approx(now - 7, abs=1)
    assert fresh.queues["sales"].waiting[0].priority == 5
    assert fresh.agents[ANNA].device is DeviceState.IN_USE
    assert [change.interface for change in changes if isinstance(change, RingStarted)] == [BORIS]
    assert [change.interface for change in changes if isinstance(change, CallAnswered)] == [ANNA]


def test_who_talks_already_has_waited_where_our_dialplan_noted_it(
    live: tuple[Watched, dict[str, Channel]],
) -> None:
    seen, legs = live
    now = seen.script.now
    taken = of_live(legs, now)
    assert taken.channels is not None
    noted = [
        msgspec.structs.replace(row, queue=QueueName("sales"), joined_at=now - 30)
        for row in taken.channels
        if row.call == legs["talks"].linkedid
    ]
    fresh = Floor(PbxId("test"))
    changes = fresh.rebuild(msgspec.structs.replace(taken, channels=noted, waiters=[]), now)
    (call,) = fresh.calls.values()
    assert [place.queue for place in call.lines] == ["sales"]
    assert 0 < call.waited() < 30
    assert call.rings[0].queue == "sales"
    told = [type(change) for change in changes if isinstance(change, LineJoined | LineLeft | CallAnswered)]
    assert told == [LineJoined, LineLeft, CallAnswered]
    assert fresh.queues["sales"].waiting == []


def test_life_goes_on_after_a_rebuild(live: tuple[Watched, dict[str, Channel]]) -> None:
    seen, legs = live
    script = seen.script
    fresh = Floor(PbxId("test"))
    fresh.rebuild(of_live(legs, script.now), script.now)
    mark = len(script.blocks)
    script.picks_up(legs["rung"], legs["boris"], "sales")
    script.far_end_hangs_up(legs["talks"])
    script.gone(legs["anna"])
    script.gone(legs["talks"], 0)
    changes = [c for e in events_of(b"".join(script.blocks[mark:])) for c in fresh.apply(e)]
    assert [c.reason for c in changes if isinstance(c, LineLeft)] == [LineLeaving.ANSWERED]
    assert [c.outcome for c in changes if isinstance(c, CallEnded)] == ["answered"]
    assert set(fresh.calls[legs["rung"].linkedid].talking) == {BORIS}
    assert not fresh.unknown


def test_a_rebuild_with_nothing_new_changes_nothing(live: tuple[Watched, dict[str, Channel]]) -> None:
    seen, legs = live
    before = picture(seen.floor)
    changes = seen.floor.rebuild(of_live(legs, seen.script.now), seen.script.now)
    assert picture(seen.floor) == before
    assert [change for change in changes if not isinstance(change, AgentChanged)] == []


def test_what_was_missed_is_told(live: tuple[Watched, dict[str, Channel]]) -> None:
    """During the break: one call ended, one was answered, a new one waits first in line."""
    seen, legs = live
    now = seen.script.now
    other = AmiScript(now=now)
    other.number_from(900)
    vip = other.arrives("791611100009")
    legs["boris"].state = "Up"
    legs["boris"].bridge = legs["rung"].bridge = "b2"
    there = [legs["rung"], legs["boris"], legs["waits"], vip]
    queue = [member(ANNA), member(BORIS), entry(vip, 1, 2, 9), entry(legs["waits"], 2, 17)]
    seen.floor.mark_stale()
    changes = seen.floor.rebuild(snapshot(there, now + 10, queue), now + 10)
    floor = seen.floor
    assert [c.call for c in changes if isinstance(c, CallEnded)] == [legs["talks"].linkedid]
    assert legs["talks"].linkedid in {c.call for c in changes if isinstance(c, CallDoubtful)}
    assert [c.interface for c in changes if isinstance(c, CallAnswered)] == [BORIS]
    assert [(c.call, c.reason) for c in changes if isinstance(c, LineLeft)] == [
        (legs["rung"].linkedid, LineLeaving.ANSWERED)
    ]
    assert [c.call for c in changes if isinstance(c, LineJoined)] == [vip.linkedid]
    assert floor.queues["sales"].positions() == {vip.linkedid: 1, legs["waits"].linkedid: 2}
    assert set(floor.calls[legs["rung"].linkedid].talking) == {BORIS}
    assert not floor.agents[ANNA].talking
    assert not floor.agents[BORIS].paused


def test_a_killed_switch_leaves_an_empty_floor(live: tuple[Watched, dict[str, Channel]]) -> None:
    seen, _ = live
    now = seen.script.now + 30
    changes = seen.floor.rebuild(snapshot([], now), now)
    assert len([change for change in changes if isinstance(change, CallEnded)]) == 3
    assert all(call.stage is Stage.ENDED for call in seen.floor.calls.values())
    assert all(not agent.ringing and not agent.talking for agent in seen.floor.agents.values())
    assert all(not agent.memberships for agent in seen.floor.agents.values())
    assert seen.floor.queues["sales"].waiting == []


def test_events_held_back_during_the_lists_repeat_what_they_tell(
    live: tuple[Watched, dict[str, Channel]],
) -> None:
    """One in a hundred rows gets its Newchannel after the list."""
    seen, legs = live
    fresh = Floor(PbxId("test"))
    fresh.rebuild(of_live(legs, seen.script.now), seen.script.now)
    before = picture(fresh)
    told = [c for e in events_of(seen.script.bytes()) for c in fresh.apply(e)]
    assert picture(fresh)["calls"] == before["calls"]
    assert [c for c in told if isinstance(c, CallArrived | CallEnded)] == []


def test_only_known_phones_are_agents_in_calls_whose_dial_was_not_seen() -> None:
    script = AmiScript()
    caller = script.arrives()
    anna = script.rings(caller, ANNA)
    out = script.rings(caller, "PJSIP/other-trunk", dial="7916@other-trunk")
    floor = Floor(PbxId("test"), phones=[ANNA])
    floor.rebuild(snapshot([caller, anna, out], script.now), script.now)
    (call,) = floor.calls.values()
    assert list(call.ringing) == [ANNA]
    assert call.direction is Direction.INBOUND
    assert floor.agents[ANNA].registered


def test_a_refused_list_is_named_and_what_is_believed_of_it_stays(
    live: tuple[Watched, dict[str, Channel]],
) -> None:
    seen, _ = live
    builder = SnapshotBuilder()
    denied = b"Response: Error\r\nMessage: Permission denied\r\n\r\n"
    for message in Framer().feed(denied * len(SNAPSHOT_ACTIONS)):
        builder.add(message)
    empty = builder.done()
    assert len(empty.missing) == len(SNAPSHOT_ACTIONS)
    assert "CoreShowChannels: Permission denied" in empty.missing
    before = picture(seen.floor)
    seen.floor.rebuild(empty, seen.script.now)
    assert picture(seen.floor) == before


def test_a_list_that_is_not_whole_is_not_believed() -> None:
    builder = SnapshotBuilder()
    text = answer(("CoreShowChannel", {"Uniqueid": "a"}), complete="CoreShowChannelsComplete")
    for message in Framer().feed(text.replace("ListItems: 1", "ListItems: 2").encode()):
        builder.add(message)
    torn = builder.done()
    assert torn.channels is None
    assert torn.missing[0] == "CoreShowChannels: 1 of 2 items came"


def after_the_gap(
    live: tuple[Watched, dict[str, Channel]],
    there: list[Channel],
    queue: list[tuple[str, dict[str, str]]],
    seconds: float = 10.0,
) -> tuple[Floor, list[Change], float]:
    """The floor after a break in which this came about, what it told, and when."""
    watched, _ = live
    at = watched.script.now + seconds
    watched.floor.mark_stale()
    changes = watched.floor.rebuild(snapshot(there, at, queue), at)
    check(watched.floor, watched.changes + changes)
    return watched.floor, changes, at


STAFF = [member(ANNA), member(BORIS, paused=True)]


def test_a_ring_that_ended_in_the_gap(live: tuple[Watched, dict[str, Channel]]) -> None:
    _, legs = live
    there = [legs[name] for name in ("talks", "anna", "rung", "waits")]
    queue = [*STAFF, entry(legs["rung"], 1, 22), entry(legs["waits"], 2, 17)]
    floor, changes, _ = after_the_gap(live, there, queue)
    assert [c.interface for c in changes if isinstance(c, RingEnded)] == [BORIS]
    assert not floor.agents[BORIS].ringing
    assert floor.calls[legs["rung"].linkedid].stage is Stage.WAITING
    assert {c.call for c in changes if isinstance(c, CallDoubtful)} == {legs["rung"].linkedid}


def test_a_client_passed_on_in_the_gap(live: tuple[Watched, dict[str, Channel]]) -> None:
    """Anna gave him to Vera: her leg is gone, Vera's is there."""
    watched, legs = live
    watched.floor.know_phones([VERA])
    vera = watched.script.channel(VERA, "1003", "s", "Up", of=legs["talks"])
    vera.bridge = legs["talks"].bridge = "b7"
    there = [legs["talks"], vera, legs["rung"], legs["boris"], legs["waits"]]
    queue = [*STAFF, entry(legs["rung"], 1, 22), entry(legs["waits"], 2, 17)]
    floor, changes, _ = after_the_gap(live, there, queue)
    call = floor.calls[legs["talks"].linkedid]
    assert [c.interface for c in changes if isinstance(c, TalkEnded)] == [ANNA]
    assert [c.interface for c in changes if isinstance(c, CallAnswered)] == [VERA]
    assert list(call.talking) == [VERA]
    assert call.ani == "791611100001"
    assert call.doubtful
    assert not floor.agents[ANNA].talking


def test_an_agent_who_was_left_alone_in_the_gap_talks_no_more(
    live: tuple[Watched, dict[str, Channel]],
) -> None:
    """The client was sent elsewhere; her leg still stands in the bridge where they talked."""
    _, legs = live
    legs["talks"].bridge = None
    queue = [*STAFF, entry(legs["rung"], 1, 22), entry(legs["waits"], 2, 17)]
    floor, changes, _ = after_the_gap(live, list(legs.values()), queue)
    assert [c.interface for c in changes if isinstance(c, TalkEnded)] == [ANNA]
    assert not floor.agents[ANNA].talking
    call = floor.calls[legs["talks"].linkedid]
    assert (call.stage, call.doubtful) == (Stage.ARRIVED, "the end of a talk was not seen")


def test_a_caller_who_left_the_line_and_came_back_waits_anew(
    live: tuple[Watched, dict[str, Channel]],
) -> None:
    _, legs = live
    queue = [*STAFF, entry(legs["rung"], 1, 40), entry(legs["waits"], 2, 2)]
    floor, changes, at = after_the_gap(live, list(legs.values()), queue, seconds=30)
    call = floor.calls[legs["waits"].linkedid]
    assert [(c.call, c.reason) for c in changes if isinstance(c, LineLeft)] == [(call.id, LineLeaving.MOVED)]
    assert [c.call for c in changes if isinstance(c, LineJoined)] == [call.id]
    assert call.joined_at == pytest.approx(at - 2)
    assert len(call.lines) == 2


def test_a_waiting_caller_who_ended_in_the_gap_is_stored_as_doubtful(
    live: tuple[Watched, dict[str, Channel]],
) -> None:
    _, legs = live
    there = [legs[name] for name in ("talks", "anna", "rung", "boris")]
    floor, changes, _ = after_the_gap(live, there, [*STAFF, entry(legs["rung"], 1, 22)])
    (ended,) = (c for c in changes if isinstance(c, CallEnded))
    assert ended.call == legs["waits"].linkedid
    assert [c.call for c in changes if isinstance(c, LineLeft)] == [ended.call]
    rows = Recorder(lambda pbx, queue: str(queue), lambda number: number).calls(
        floor, changes, lambda pbx, call: Identity()
    )
    (row,) = (row for row in rows if row["call_id"] == ended.call)
    assert row["doubtful"]
    assert row["outcome"] == ended.outcome
    assert row["ended_at"] is not None


def test_an_agent_who_changed_in_the_gap_is_told_once(live: tuple[Watched, dict[str, Channel]]) -> None:
    _, legs = live
    queue = [member(ANNA, paused=True), entry(legs["rung"], 1, 22), entry(legs["waits"], 2, 17)]
    floor, changes, _ = after_the_gap(live, list(legs.values()), queue)
    assert sorted(c.interface for c in changes if isinstance(c, AgentChanged)) == [ANNA, BORIS]
    assert floor.agents[ANNA].pauses == {"lunch"}
    assert not floor.agents[BORIS].memberships


def test_a_rebuild_lets_others_in_between_and_tells_nothing_before_it_is_whole() -> None:
    script = AmiScript()
    callers = [script.arrives(f"7916{number:07d}") for number in range(1500)]
    floor = Floor(PbxId("test"))
    portions = []
    for changes in floor.rebuilding(snapshot(callers, script.now), script.now):
        assert not changes or not floor.stale
        portions.append(len(changes))
    assert portions.index(max(portions)) > 10
    assert sum(portions) >= 1500
    assert max(portions) <= 100
