"""The contract of `/live` as an AsyncAPI 3 document, made from the pydantic unions alone."""

from typing import Any, get_args

from pydantic import BaseModel

from screenpop import messages
from screenpop.messages import ClientMessage, ServerMessage, client_message, server_message

_REF = "#/components/schemas/{model}"
CHANNEL = "live"


def document(version: str) -> dict[str, Any]:
    """`version`: of the product. The same for the same code, so that a copy can be compared."""
    from_server, from_browser = _models(ServerMessage), _models(ClientMessage)
    schemas: dict[str, Any] = {}
    for adapter in (server_message, client_message):
        schemas |= adapter.json_schema(ref_template=_REF, mode="serialization").get("$defs", {})
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tierline live",
            "version": version,
            "description": (messages.__doc__ or "").strip(),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {
            CHANNEL: {
                "address": "/live",
                "description": "One text frame is one message. A ticket comes from POST /api/live/tickets.",
                "messages": {name: _message_ref(name) for name in (*from_server, *from_browser)},
                "bindings": {"ws": {"method": "GET", "query": _QUERY}},
            }
        },
        "operations": {
            "toBrowser": _operation("send", from_server, "What the browser is told."),
            "fromBrowser": _operation("receive", from_browser, "Anything else closes the connection (1008)."),
        },
        "components": {
            "messages": {
                name: {
                    "name": model.model_fields["type"].default,
                    "payload": {"$ref": _REF.format(model=name)},
                }
                for name, model in (from_server | from_browser).items()
            },
            "schemas": dict(sorted(schemas.items())),
        },
    }


_QUERY = {
    "type": "object",
    "required": ["ticket"],
    "properties": {
        "ticket": {"type": "string", "description": "one-time, valid for 30 s"},
        "stream": {"type": "string", "description": "to resume: of the last snapshot"},
        "seq": {"type": "integer", "minimum": 0, "description": "to resume: of the last message understood"},
    },
}


def _models(union: Any) -> dict[str, type[BaseModel]]:
    """Of `Annotated[A | B, …]`, by name."""
    return {model.__name__: model for model in get_args(get_args(union)[0])}


def _message_ref(name: str) -> dict[str, str]:
    return {"$ref": f"#/components/messages/{name}"}


def _operation(action: str, models: dict[str, type[BaseModel]], summary: str) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{CHANNEL}"},
        "summary": summary,
        "messages": [{"$ref": f"#/channels/{CHANNEL}/messages/{name}"} for name in models],
    }
