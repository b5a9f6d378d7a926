"""What a `FakeSwitch` does about single channels, and how Asterisk words its answers."""

from collections.abc import Callable

from tests.fakes.switch_state import Headers, SwitchState, block


def tag(action: Headers) -> Headers:
    return {"ActionID": action["ActionID"]} if "ActionID" in action else {}


def success(action: Headers, **headers: str) -> bytes:
    return block({"Response": "Success"}, tag(action), headers)


def refusal(action: Headers, message: str) -> bytes:
    return block({"Response": "Error"}, tag(action), Message=message)


def _of_channel(done: str, missing: str = "No such channel") -> Callable[[SwitchState, Headers], bytes]:
    """Something done to one channel, of which nothing but the answer is seen here."""

    def order(state: SwitchState, action: Headers) -> bytes:
        there = any(
            action["Channel"] in (uniqueid, snapshot["Channel"])
            for uniqueid, snapshot in state.channels.items()
        )
        return success(action, Message=done) if there else refusal(action, missing)

    return order


def _getvar(state: SwitchState, action: Headers) -> bytes:
    if "Channel" in action:
        return _of_channel("")(state, action)
    return success(action, Variable=action["Variable"], Value=state.globals.get(action["Variable"], ""))


def _setvar(state: SwitchState, action: Headers) -> bytes:
    if "Channel" in action:
        return _of_channel("Variable Set")(state, action)
    state.globals[action["Variable"]] = action.get("Value", "")
    return success(action, Message="Variable Set")


def _change_priority(state: SwitchState, action: Headers) -> bytes:
    """As with `Immediate`: behind all who have as much or more."""
    queue = state.queues.get(action["Queue"])
    if queue is None:
        return refusal(action, "Unable to change priority caller on queue: No such queue")
    names = {state.channels[uniqueid]["Channel"]: uniqueid for uniqueid in queue.waiting}
    caller = names.get(action["Caller"])
    if caller is None:
        return refusal(action, "Unable to change priority caller on queue: No such caller")
    priority = int(action["Priority"])
    queue.priorities[caller] = priority
    queue.waiting.remove(caller)
    before = [one for one in queue.waiting if queue.priorities.get(one, 0) >= priority]
    queue.waiting.insert(len(before), caller)
    return success(action, Message="Priority change for caller on queue")


ORDERS: dict[str, Callable[[SwitchState, Headers], bytes]] = {
    "Getvar": _getvar,
    "Setvar": _setvar,
    "Redirect": _of_channel("Redirect successful", "Channel does not exist"),
    "PlayDTMF": _of_channel("DTMF successfully queued", "Channel not found"),
    "MixMonitorMute": _of_channel(""),
    "StopMixMonitor": _of_channel(""),
    "QueueChangePriorityCaller": _change_priority,
}
