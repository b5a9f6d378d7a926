"""An agent's wishes and what is wished for him: on the switch first, then in the database."""

from collections.abc import Mapping

import pytest
from pwdlib import PasswordHash

from app.agents.generator import load_floor
from app.errors import Conflict
from app.infra.db import Database
from app.presence.schemas import PresenceWish
from app.presence.service import PresenceService
from app.projects.models import DEFAULT_PROJECT
from telephony.commands import AddMember, Command, CommandOutcome, Done, PauseMember, RemoveMember
from telephony.ids import Interface, PbxId, QueueName

pytestmark = pytest.mark.db

MAIN = PbxId("main")
ONE = Interface("PJSIP/1001")


class Switch:
    """Members and pauses as a switch keeps them."""

    def __init__(self) -> None:
        self.members: dict[Interface, dict[QueueName, str | None]] = {}
        self.sent: list[Command] = []

    def memberships(self, pbx: PbxId) -> Mapping[Interface, Mapping[QueueName, str | None]]:
        return self.members

    async def execute(self, pbx: PbxId, command: Command) -> CommandOutcome:
        self.sent.append(command)
        match command:
            case AddMember(queue=queue, interface=interface, paused=paused, reason=reason):
                self.members.setdefault(interface, {})[queue] = reason if paused else None
            case RemoveMember(queue=queue, interface=interface):
                self.members[interface].pop(queue)
            case PauseMember(interface=interface, paused=paused, reason=reason, queue=queue):
                his = self.members[interface]
                his |= dict.fromkeys(his if queue is None else [queue], reason if paused else None)
        return Done("")

    async def reachable(self, pbx: PbxId) -> None:
        """Always."""


class Desk:
    """Agent 1001 before the service. `needed`: he is one of the last who are kept idle."""

    def __init__(self, database: Database, user_id: int) -> None:
        self.switch = Switch()
        self.user_id = user_id
        self.needed = self.refuses = False
        self.presence = PresenceService(
            database, self.switch, DEFAULT_PROJECT, lambda pbx, who: not self.needed, lambda: self.refuses
        )

    async def wishes(self, state: str, reason: str | None = None):  # type: ignore[no-untyped-def]
        wish = PresenceWish.model_validate({"state": state, "reason": reason})
        return await self.presence.change(self.user_id, wish)

    def pauses(self) -> set[str | None]:
        return set(self.switch.members[ONE].values())


@pytest.fixture
async def desk(database: Database) -> Desk:
    async with database.raw(DEFAULT_PROJECT) as connection:
        hashed = PasswordHash.recommended().hash("correct horse battery")
        await load_floor(connection, pbx="main", password_hash=hashed, agents=2)
        user_id = await connection.fetchval("SELECT user_id FROM agents WHERE interface = $1", ONE)
    return Desk(database, user_id)


async def test_who_missed_a_call_is_paused_until_he_says_that_he_is_there(desk: Desk) -> None:
    await desk.wishes("available")
    await desk.presence.set_aside(MAIN, ONE)
    assert desk.pauses() == {"missed_call"}
    assert (await desk.presence.read(desk.user_id)).pause_reasons == ["missed_call"]
    back = await desk.wishes("available")
    assert (back.pause_reasons, desk.pauses()) == ([], {None})


async def test_a_missed_call_of_one_who_went_home_meanwhile_brings_nobody_back(desk: Desk) -> None:
    await desk.wishes("available")
    await desk.wishes("offline")
    desk.switch.members[ONE] = {}
    await desk.presence.set_aside(MAIN, ONE)
    assert not (await desk.presence.read(desk.user_id)).signed_in
    assert (await desk.presence.read(desk.user_id)).pause_reasons == []


async def test_one_of_the_last_kept_agents_is_told_that_he_is_needed(desk: Desk) -> None:
    assert not (await desk.wishes("available")).needed
    desk.needed = True
    assert (await desk.wishes("paused", "lunch")).needed
    assert desk.pauses() == {"lunch"}
    assert not (await desk.wishes("available")).needed


async def test_or_stays_when_the_policy_says_so(desk: Desk) -> None:
    await desk.wishes("available")
    desk.needed = desk.refuses = True
    with pytest.raises(Conflict, match="try again in a moment"):
        await desk.wishes("paused", "lunch")
    assert desk.pauses() == {None}
    assert (await desk.presence.read(desk.user_id)).pause_reasons == []
