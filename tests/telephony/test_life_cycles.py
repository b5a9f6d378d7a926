"""The life cycles are tables: what stands there happens, what does not is an error that names both."""

import pytest

from telephony.agents import AGENT_LIFE, Activity, AgentStep, NoSuchAgentStep, agent_step
from telephony.calls import CALL_LIFE, NoSuchStep, Stage, Step, call_step
from telephony.queues import PLACE_LIFE, REASONS, NoSuchPlaceStep, PlaceStage, PlaceStep, place_step

pytestmark = pytest.mark.unit


def test_a_step_that_no_life_knows_names_stage_and_step() -> None:
    with pytest.raises(NoSuchStep, match=r"call: ended \+ rang"):
        call_step(Stage.ENDED, Step.RANG)
    with pytest.raises(NoSuchAgentStep, match=r"agent: idle \+ talk_over"):
        agent_step(Activity.IDLE, AgentStep.TALK_OVER)
    with pytest.raises(NoSuchPlaceStep, match=r"place in a queue: answered \+ left"):
        place_step(PlaceStage.ANSWERED, PlaceStep.LEFT)


def test_every_stage_of_a_call_can_be_reached_and_leads_to_its_end() -> None:
    assert set(CALL_LIFE.values()) == set(Stage)
    for stage in set(Stage) - {Stage.ENDED}:
        assert CALL_LIFE[stage, Step.LAST_LEG_GONE] is Stage.ENDED
    assert not [row for row in CALL_LIFE if row[0] is Stage.ENDED]


def test_every_way_out_of_a_queue_ends_with_a_reason() -> None:
    for stage in set(PlaceStage) - set(REASONS):
        for step in (PlaceStep.CALLER_HUNG_UP, PlaceStep.SWITCH_HUNG_UP, PlaceStep.SEEN_ELSEWHERE):
            assert PLACE_LIFE[stage, step] in REASONS


def test_an_agent_can_always_be_rung_and_answer() -> None:
    for activity in Activity:
        assert AGENT_LIFE[activity, AgentStep.RANG] is not Activity.IDLE
        assert AGENT_LIFE[activity, AgentStep.ANSWERED] is Activity.TALKING
