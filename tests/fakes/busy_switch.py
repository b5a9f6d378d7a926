"""A switch in the middle of a busy day, as it would list itself: 70 % talk, 15 % ring, 15 % wait."""

from tests.fakes.switch_state import FakeMember, FakeQueue, SwitchState, channel

NOW = 1795331467
LINES = 20
MEMBER_OF = 4


def busy(calls: int) -> SwitchState:
    """`calls` live calls on 20 lines; as many agents, each a member of four lines, a tenth of them paused; a device
    for each agent and for the trunk."""
    state = SwitchState()
    state.devices["PJSIP/trunk"] = "INUSE"
    lines = [f"line-{number:02d}" for number in range(LINES)]
    for line in lines:
        state.queues[line] = FakeQueue()
    agents = [f"PJSIP/{10_000 + number}" for number in range(calls)]
    for number, agent in enumerate(agents):
        state.devices[agent] = "NOT_INUSE"
        for offset in range(MEMBER_OF):
            member = FakeMember(agent, f"Agent {number}", paused=number % 10 == 9, reason="lunch")
            state.queues[lines[(number + offset * 5) % LINES]].members[agent] = member
    for number in range(calls):
        agent, line = agents[number], lines[number % LINES]
        match number % 20:
            case 0 | 7 | 13:
                _waits(state, number, line)
            case 3 | 10 | 17:
                _waits(state, number, line)
                _rung(state, number, agent, 5)
                state.devices[agent] = "RINGING"
            case _:
                _arrives(state, number)
                _rung(state, number, agent, 6)
                state.devices[agent] = "INUSE"
                for uniqueid in (_caller(number), _device(number)):
                    state.bridges[uniqueid] = f"{number:08x}-bf45-45e0-941c-ad8ad740ea7a"
    return state


def _caller(number: int) -> str:
    return f"busy-{NOW - 600 + number % 600}.{2 * number}"


def _device(number: int) -> str:
    return f"busy-{NOW - 500 + number % 500}.{2 * number + 1}"


def _arrives(state: SwitchState, number: int) -> None:
    uniqueid = _caller(number)
    state.channels[uniqueid] = channel(
        uniqueid, f"PJSIP/trunk-{2 * number:08x}", number=f"7916{number:07d}", exten="4951234567"
    )
    state.applications[uniqueid] = "Queue"
    state.variables[uniqueid] = {
        "TIERLINE_DNIS": "74951234567",
        "TIERLINE_JOINED": str(NOW - 600 + number % 600),
    }


def _waits(state: SwitchState, number: int, line: str) -> None:
    _arrives(state, number)
    state.queues[line].waiting.append(_caller(number))


def _rung(state: SwitchState, number: int, agent: str, leg_state: int) -> None:
    uniqueid = _device(number)
    state.channels[uniqueid] = channel(
        uniqueid, f"{agent}-{2 * number + 1:08x}", linkedid=_caller(number), state=leg_state,
        number=agent.partition("/")[2],
    )  # fmt: skip
    state.applications[uniqueid] = "AppQueue"
    state.data[uniqueid] = "(Outgoing Line)"
