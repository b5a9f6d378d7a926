"""What moves on the screen when the floor moves, and what the figures of a line say."""

import pytest

from screenpop.messages import Card, LineView, TierFigures
from screenpop.moves import AgentMoved, CallMoved, LineMoved, Move
from screenpop.project import KEEP_UNSEEN_S, Screen
from screenpop.sources import Agent, CardText, Day, Instant, Known
from telephony.agents import RESERVED, Membership
from telephony.changes import AgentChanged, CallHeld, LineLeaving, Outcome
from telephony.events import DeviceState
from telephony.ids import CallId, Interface, PbxId, QueueName
from tests.fakes.toy_floor import PBX, ToyDirectory, ToyFloor

pytestmark = pytest.mark.unit

ONE = Interface("PJSIP/1001")
ANNA = f"{PBX}/{ONE}"
C1, C2, C3 = CallId("c1"), CallId("c2"), CallId("c3")
SALES, HELP, OTHER = QueueName("q-sales"), QueueName("q-help"), QueueName("not-ours")
AT = Instant(5000.0, 50.0)
VIP = Known(
    "vip",
    1000,
    7,
    "Client",
    CardText.of(Card(call="main/c1", number="+7", clients=[], chosen=None, callback=None)),
    AT,
)


class Picture:
    def __init__(self) -> None:
        self.floor = ToyFloor()
        self.screen = Screen(ToyDirectory({(PBX, ONE): Agent(1, "Anna")}))
        self.floor.sign_in(ONE, SALES)
        self.screen.rebuild(PBX, self.floor, AT)
        self.line()

    def tell(self) -> list[Move]:
        return self.screen.apply(PBX, self.floor, self.floor.take(), AT)

    def wait(self, call: CallId, queue: QueueName = SALES, position: int = 1) -> None:
        self.floor.arrive(call)
        self.floor.join(call, queue, position)

    def line(self, code: str = "sales") -> LineView:
        self.tell()
        self.screen.refresh(AT)
        return self.screen.lines[code]

    def tier(self, tier: str, code: str = "sales") -> TierFigures:
        return next(one for one in self.line(code).tiers if one.tier == tier)


@pytest.fixture
def picture() -> Picture:
    return Picture()


def test_a_batch_moves_each_thing_once_and_to_its_last_state(picture: Picture) -> None:
    picture.wait(C1)
    picture.floor.ring(C1, ONE)
    picture.floor.answer(C1, ONE)
    moves = picture.tell()
    assert [type(move) for move in moves] == [CallMoved, AgentMoved]
    call, agent = picture.screen.calls["main/c1"].view, picture.screen.agents[ANNA]
    assert (call.stage, call.line, call.talking, call.ani) == ("talking", "sales", [ONE], "+79161234567")
    assert (agent.state, agent.calls, agent.since) == ("in_call", ["main/c1"], picture.floor.now)


def test_what_changes_nothing_visible_moves_nothing(picture: Picture) -> None:
    picture.wait(C1)
    picture.line()
    picture.floor.pause(ONE, None)
    assert picture.tell() == []
    assert picture.screen.rebuild(PBX, picture.floor, AT) == []


def test_what_is_known_before_the_call_appears_is_there_from_its_first_picture(picture: Picture) -> None:
    assert picture.screen.know("main/c1", VIP, AT) == []
    picture.wait(C1)
    picture.tell()
    shown = picture.screen.calls["main/c1"]
    assert (shown.view.tier, shown.view.priority, shown.view.client_name) == ("vip", 1000, "Client")
    assert shown.card is VIP.card


def test_what_is_known_later_moves_the_call_at_once(picture: Picture) -> None:
    picture.wait(C1)
    picture.tell()
    (move,) = picture.screen.know("main/c1", VIP, AT)
    assert isinstance(move, CallMoved)
    assert move.new is not None
    assert (move.new.view.client_id, move.new.card) == (7, VIP.card)


def test_what_is_known_of_a_call_that_never_comes_is_forgotten(picture: Picture) -> None:
    picture.screen.know("main/c1", VIP, AT)
    picture.screen.refresh(Instant(AT.epoch + KEEP_UNSEEN_S + 1, 0.0))
    picture.wait(C1)
    picture.tell()
    assert picture.screen.calls["main/c1"].card is None


def test_a_call_ends_with_its_outcome_and_late_words_do_not_bring_it_back(picture: Picture) -> None:
    picture.wait(C1)
    picture.tell()
    picture.floor.end(C1)
    (move,) = picture.tell()
    assert isinstance(move, CallMoved)
    assert move.new is not None
    assert (move.new.view.stage, move.new.view.outcome) == ("ended", Outcome.ABANDONED)
    picture.floor.changes.append(CallHeld(1.0, C1, ONE))
    assert picture.tell() == []
    assert picture.screen.calls == {}


def test_a_clock_that_differs_is_said_and_told_again_only_when_it_moved(picture: Picture) -> None:
    picture.screen.link(PBX, "up", None, AT)
    assert picture.screen.links["main"].clock_offset is None
    assert len(picture.screen.clock(PBX, 3600.0)) == 1
    assert picture.screen.clock(PBX, 3600.2) == []
    assert picture.screen.links["main"].clock_offset == 3600.0
    picture.screen.link(PBX, "down", "lost", AT)
    assert picture.screen.links["main"].clock_offset == 3600.0


def test_places_in_the_queue_follow_at_the_next_refresh(picture: Picture) -> None:
    for call in (C1, C2, C3):
        picture.wait(call, position=9)
    picture.tell()
    picture.screen.refresh(AT)
    picture.floor.leave(C1, LineLeaving.MOVED)
    picture.tell()
    moved = [move.new.view for move in picture.screen.refresh(AT) if isinstance(move, CallMoved) and move.new]
    assert [(one.call, one.position) for one in moved] == [("main/c2", 1), ("main/c3", 2)]
    assert picture.screen.calls["main/c1"].view.position is None


def test_a_line_counts_by_tier_what_came_and_how_it_went(picture: Picture) -> None:
    picture.screen.know("main/c1", VIP, AT)
    for call in (C1, C2, C3):
        picture.wait(call, position=9)
    assert (picture.tier("vip").waiting, picture.tier("standard").waiting) == (1, 2)
    assert picture.tier("standard").longest_since == 1000.0
    picture.floor.now += 5
    picture.floor.ring(C1, ONE)
    picture.floor.answer(C1, ONE)
    picture.floor.end(C2)
    assert picture.tier("vip") == TierFigures(
        tier="vip",
        waiting=0,
        longest_since=None,
        offered=1,
        answered=1,
        abandoned=0,
        answered_in_target=1,
        abandoned_in_target=0,
    )
    assert picture.tier("standard") == TierFigures(
        tier="standard",
        waiting=1,
        longest_since=1000.0,
        offered=2,
        answered=0,
        abandoned=1,
        answered_in_target=0,
        abandoned_in_target=1,
    )


def test_an_answer_after_the_target_is_not_in_it(picture: Picture) -> None:
    picture.screen.know("main/c1", VIP, AT)
    picture.wait(C1)
    picture.floor.now += 5.1
    picture.floor.ring(C1, ONE)
    picture.floor.answer(C1, ONE)
    assert (picture.tier("vip").answered, picture.tier("vip").answered_in_target) == (1, 0)


def test_who_leaves_for_another_line_is_offered_there_and_lost_nowhere(picture: Picture) -> None:
    picture.wait(C1)
    picture.floor.leave(C1, LineLeaving.MOVED)
    picture.floor.join(C1, HELP)
    sales, help_ = picture.tier("standard"), picture.tier("standard", "help")
    assert (sales.offered, sales.waiting, sales.abandoned) == (1, 0, 0)
    assert (help_.offered, help_.waiting) == (1, 1)


def test_who_is_recognised_while_waiting_counts_where_he_belongs(picture: Picture) -> None:
    picture.wait(C1)
    picture.tell()
    picture.screen.know("main/c1", VIP, AT)
    assert (picture.tier("vip").offered, picture.tier("standard").offered) == (1, 0)


def test_midnight_empties_the_figures_but_not_the_queue(picture: Picture) -> None:
    picture.screen.begin_day({("sales", "vip"): Day(9, 8, 1, 7)})
    picture.wait(C1)
    assert picture.tier("vip").offered == 9
    picture.screen.begin_day({})
    assert picture.tier("vip").offered == 0
    assert (picture.tier("standard").offered, picture.tier("standard").waiting) == (0, 1)


def test_only_lines_with_news_move(picture: Picture) -> None:
    picture.line()
    assert picture.screen.refresh(AT) == []
    picture.wait(C1)
    picture.tell()
    moves = picture.screen.refresh(AT)
    assert [move.new.line for move in moves if isinstance(move, LineMoved) and move.new] == ["sales"]


def test_a_queue_that_is_no_line_is_shown_without_one(picture: Picture) -> None:
    picture.wait(C1, OTHER)
    assert [tier.offered for tier in picture.line().tiers] == [0, 0, 0]
    assert picture.screen.calls["main/c1"].view.line is None


def test_a_floor_built_anew_drops_lost_calls_and_counts_the_waiting(picture: Picture) -> None:
    picture.wait(C1)
    picture.floor.ring(C1, ONE)
    picture.tell()
    picture.floor.lose(C1)
    picture.wait(C2)
    picture.floor.take()
    picture.screen.rebuild(PBX, picture.floor, AT)
    assert list(picture.screen.calls) == ["main/c2"]
    assert picture.screen.agents[ANNA].calls == []
    assert picture.tier("standard").waiting == 1


def test_lines_and_agents_are_there_while_no_switch_is() -> None:
    screen = Screen(ToyDirectory({(PBX, ONE): Agent(1, "Anna")}))
    screen.redraw(AT)
    assert set(screen.lines) == {"sales", "help"}
    assert (screen.agents[ANNA].name, screen.agents[ANNA].state) == ("Anna", "offline")


def test_a_second_switch_does_not_sign_out_the_agents_of_the_first(picture: Picture) -> None:
    assert picture.screen.rebuild(PbxId("second"), ToyFloor(), AT) == []
    assert picture.screen.agents[ANNA].state == "available"


@pytest.mark.parametrize(
    ("device", "paused", "member", "state", "shown"),
    [
        (DeviceState.IDLE, False, True, "available", "registered"),
        (DeviceState.IDLE, True, True, "paused", "registered"),
        (DeviceState.UNAVAILABLE, False, True, "unreachable", "unregistered"),
        (DeviceState.IDLE, False, False, "offline", "registered"),
        (DeviceState.IN_USE, True, True, "in_call", "in_use"),
        (DeviceState.ON_HOLD, False, True, "in_call", "in_use"),
        (DeviceState.UNKNOWN, False, True, "unreachable", "unknown"),
    ],
)
def test_the_state_of_an_agent_follows_from_independent_facts(
    picture: Picture, device: DeviceState, paused: bool, member: bool, state: str, shown: str
) -> None:
    agent = picture.floor.agents[ONE]
    agent.device = device
    picture.floor.pause(ONE, "lunch" if paused else None)
    if not member:
        agent.memberships.clear()
    picture.tell()
    view = picture.screen.agents[ANNA]
    assert (view.state, view.device) == (state, shown)
    assert view.pause_reasons == (["lunch"] if paused else [])
    assert (view.name, view.agent_id) == ("Anna", 1)
    assert view.lines == (["sales"] if member else []), "lines are those he is signed in to"


def test_a_link_says_since_when_it_is_up_or_not(picture: Picture) -> None:
    picture.screen.link(PBX, "down", "refused", AT)
    picture.screen.link(PBX, "down", "timed out", Instant(6000.0, 0.0))
    assert picture.screen.links["main"].since == AT.epoch
    assert picture.screen.links["main"].why == "timed out"
    assert picture.screen.link(PBX, "down", "timed out", Instant(7000.0, 0.0)) == []
    picture.screen.link(PBX, "resyncing", None, Instant(8000.0, 0.0))
    assert picture.screen.links["main"].since == AT.epoch, "still not what the switch says"
    picture.screen.link(PBX, "up", None, Instant(9000.0, 0.0))
    assert picture.screen.links["main"].since == 9000.0


def test_two_queues_of_a_line_are_one_line_with_one_order(picture: Picture) -> None:
    first = QueueName("q-help-vip")
    picture.wait(C1, HELP)
    picture.tell()
    assert picture.screen.calls["main/c1"].view.position == 1
    picture.screen.know("main/c2", VIP, AT)
    picture.wait(C2, first)
    picture.tell()
    picture.screen.refresh(AT)
    shown = {key: (one.view.line, one.view.position) for key, one in picture.screen.calls.items()}
    assert shown == {"main/c2": ("help", 1), "main/c1": ("help", 2)}
    assert [(one.tier, one.waiting) for one in picture.line("help").tiers if one.waiting] == [
        ("vip", 1),
        ("standard", 1),
    ]
    picture.floor.leave(C2, LineLeaving.ABANDONED)
    picture.tell()
    picture.screen.refresh(AT)
    assert picture.screen.calls["main/c1"].view.position == 1


def test_kept_for_the_reserve_is_available_and_no_pause(picture: Picture) -> None:
    picture.floor.sign_in(ONE, QueueName("q-help-vip"))
    picture.floor.agents[ONE].memberships[SALES] = Membership(True, RESERVED)
    picture.tell()
    view = picture.screen.agents[ANNA]
    assert (view.state, view.pause_reasons) == ("available", [])
    picture.floor.agents[ONE].memberships[QueueName("q-help-vip")] = Membership(True, "lunch")
    picture.floor.changes.append(AgentChanged(picture.floor.now, ONE))
    picture.tell()
    view = picture.screen.agents[ANNA]
    assert (view.state, view.pause_reasons) == ("paused", ["lunch"])
