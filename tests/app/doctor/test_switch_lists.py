"""What the doctor looks for is what the commands use."""

import pytest

from app.doctor.switch import CONTEXTS, NEEDED
from telephony.ami.actions import to_actions
from tests.telephony.ami.test_link_outcomes import COMMANDS

pytestmark = pytest.mark.unit


def test_every_action_and_context_of_a_command_is_looked_for() -> None:
    actions = [action for command in COMMANDS for action in to_actions(command)]
    assert {action["Action"] for action in actions} <= set(NEEDED)
    assert {action["Context"] for action in actions if "Context" in action} <= set(CONTEXTS)
