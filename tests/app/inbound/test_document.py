"""The webhook stands in the OpenAPI document with its own question and answer."""

import pytest

from app.inbound.endpoints import PATH, openapi_fragment

pytestmark = pytest.mark.unit


def test_the_fragment_names_only_what_it_brings() -> None:
    fragment = openapi_fragment()
    operation = fragment["paths"][PATH]["post"]
    assert set(operation["responses"]) == {"200", "401", "403", "413", "422", "503"}
    question = fragment["components"]["schemas"]["CallArrives"]
    assert question["required"] == ["pbx", "call_id"]
    answer = fragment["components"]["schemas"]["Answer"]
    assert {"treatment", "line", "queue", "tier", "priority", "record"} <= set(answer["required"])
    known = {f"#/components/schemas/{name}" for name in fragment["components"]["schemas"]}
    assert set(references(fragment)) <= known


def references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [ref for value in part.values() for ref in references(value)]
    if isinstance(part, list):
        return [ref for value in part for ref in references(value)]
    return []
