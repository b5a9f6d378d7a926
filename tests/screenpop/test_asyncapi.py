"""The contract as a document: whole, closed, and saying what the models say."""

import json
import re
from typing import Any

import pytest

from screenpop.asyncapi import document

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def contract() -> dict[str, Any]:
    return document("1.2.3")


def test_every_reference_leads_somewhere(contract: dict[str, Any]) -> None:
    references = set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(contract)))
    assert references
    for reference in references:
        place: Any = contract
        for part in reference.split("/"):
            assert part in place, reference
            place = place[part]


def test_every_message_is_on_the_channel_in_one_direction(contract: dict[str, Any]) -> None:
    told = {ref["$ref"] for one in contract["operations"].values() for ref in one["messages"]}
    assert told == {f"#/channels/live/messages/{name}" for name in contract["components"]["messages"]}
    assert {"Snapshot", "CardPut", "CardShown"} <= set(contract["components"]["messages"])


def test_messages_are_closed_and_named_by_their_type(contract: dict[str, Any]) -> None:
    schemas = contract["components"]["schemas"]
    for message in contract["components"]["messages"].values():
        schema = schemas[message["payload"]["$ref"].rpartition("/")[2]]
        assert schema["additionalProperties"] is False
        assert schema["properties"]["type"]["const"] == message["name"]
        assert "type" in schema["required"]


def test_it_is_the_same_each_time(contract: dict[str, Any]) -> None:
    assert document("1.2.3") == contract
    assert contract["info"]["version"] == "1.2.3"
