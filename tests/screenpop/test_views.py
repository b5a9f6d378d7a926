"""The views that pops are made of are those of the contract."""

import msgspec
import pytest
from pydantic import BaseModel

from screenpop import messages, views

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("view", "contract"),
    [(views.CallView, messages.CallView), (views.AgentView, messages.AgentView)],
    ids=["call", "agent"],
)
def test_a_view_has_the_fields_of_its_contract(view: type[msgspec.Struct], contract: type[BaseModel]) -> None:
    """And values within the same words: what the contract's schema lists, the view's lists too."""
    assert list(view.__struct_fields__) == list(contract.model_fields)
    mine = msgspec.json.schema(view)["$defs"][view.__name__]["properties"]
    theirs = contract.model_json_schema(mode="serialization")["properties"]
    for name, schema in theirs.items():
        assert set(mine[name].get("enum", ())) == set(schema.get("enum", ())), name
        assert _types(mine[name]) == _types(schema), name


def _types(schema: dict[str, object]) -> set[object]:
    """`{"number", "null"}` of either way to write it."""
    one_of = schema.get("anyOf")
    if isinstance(one_of, list):
        return {kind["type"] for kind in one_of}
    return {schema.get("type", "string")}
