"""Signing in, being known, being known no more: on a real database."""

import pytest

from app.errors import Conflict, NotAllowed, NotFound, NotSignedIn, TooMany, Unavailable
from app.identity.rules import FAILURES_PER_LOGIN
from app.identity.service import CHECK_EVERY_S, KNOWN_WHILE_AWAY_S, IdentityService
from app.infra.db import Database
from tests.app.identity.conftest import PASSWORD, Clock

pytestmark = pytest.mark.db


async def test_a_user_signs_in_and_is_known_by_his_cookie(identity: IdentityService, anna: int) -> None:
    user, cookie = await identity.sign_in(" ANNA ", PASSWORD, address="192.0.2.1", user_agent="browser")
    known = await identity.session(cookie)
    assert known == user
    assert (user.user_id, user.login, user.role, user.language, user.agent_id) == (
        anna,
        "anna",
        "supervisor",
        "ru",
        None,
    )


async def test_the_secret_itself_is_nowhere_in_the_database(
    identity: IdentityService, anna: int, database: Database, project_id: int
) -> None:
    _, cookie = await identity.sign_in("anna", PASSWORD)
    secret = cookie.partition(".")[2]
    async with database.raw(project_id) as connection:
        stored = await connection.fetchval("SELECT s::text || u::text FROM sessions s, users u")
    assert secret not in stored
    assert secret.encode().hex() not in stored
    assert PASSWORD not in stored


@pytest.mark.parametrize(("login", "password"), [("anna", "wrong horse"), ("nobody", PASSWORD)])
async def test_wrong_password_and_unknown_login_look_the_same(
    identity: IdentityService, anna: int, login: str, password: str
) -> None:
    with pytest.raises(NotSignedIn, match=r"^Login or password is wrong\.$"):
        await identity.sign_in(login, password)


async def test_an_unknown_login_costs_a_hash_too(identity: IdentityService, anna: int) -> None:
    verified: list[str] = []
    verify = identity._hasher.verify_and_update

    def counting(password: str, password_hash: str) -> tuple[bool, str | None]:
        verified.append(password_hash)
        return verify(password, password_hash)

    identity._hasher.verify_and_update = counting  # type: ignore[method-assign, assignment]
    with pytest.raises(NotSignedIn):
        await identity.sign_in("nobody", PASSWORD)
    assert len(verified) == 1


async def test_guessing_is_stopped_even_with_the_right_password_at_last(
    identity: IdentityService, anna: int, clock: Clock
) -> None:
    for _ in range(FAILURES_PER_LOGIN):
        with pytest.raises(NotSignedIn):
            await identity.sign_in("anna", "wrong horse", address="192.0.2.1")
    with pytest.raises(TooMany, match="15 min"):
        await identity.sign_in("anna", PASSWORD, address="192.0.2.1")
    await identity.sign_in("anna", PASSWORD, address="192.0.2.2")
    clock.now += 901
    await identity.sign_in("anna", PASSWORD, address="192.0.2.1")


async def test_signing_out_ends_the_session_at_once_and_tells_who_holds_sockets(
    identity: IdentityService, anna: int
) -> None:
    over: list[set[bytes]] = []
    identity.on_ended(over.append)
    user, cookie = await identity.sign_in("anna", PASSWORD)
    await identity.sign_out(user)
    assert await identity.session(cookie) is None
    assert {user.session} in over


async def test_a_session_ended_by_another_process_is_noticed_within_the_time_to_check(
    identity: IdentityService, anna: int, database: Database, project_id: int, clock: Clock
) -> None:
    over: list[set[bytes]] = []
    identity.on_ended(over.append)
    user, cookie = await identity.sign_in("anna", PASSWORD)
    await IdentityService(database, project_id).set_disabled("anna", True)
    assert await identity.check_open({user.session}) == {user.session}
    assert over == [{user.session}]
    assert await identity.session(cookie) is None
    with pytest.raises(NotSignedIn):
        await identity.sign_in("anna", PASSWORD)


async def test_without_open_sockets_it_is_noticed_by_the_next_look(
    identity: IdentityService, anna: int, database: Database, project_id: int, clock: Clock
) -> None:
    _, cookie = await identity.sign_in("anna", PASSWORD)
    await IdentityService(database, project_id).set_password("anna", "another horse")
    clock.now += CHECK_EVERY_S
    assert await identity.session(cookie) is None


async def test_use_prolongs_a_session_and_rest_ends_it(
    identity: IdentityService, anna: int, database: Database, project_id: int, clock: Clock
) -> None:
    async def hours_pass(hours: float) -> None:
        clock.now += hours * 3600
        async with database.raw(project_id) as connection:
            await connection.execute(
                "UPDATE sessions SET expires_at = expires_at - $1 * interval '1 hour',"
                " last_seen_at = last_seen_at - $1 * interval '1 hour'",
                hours,
            )

    _, cookie = await identity.sign_in("anna", PASSWORD)
    for _ in range(3):
        await hours_pass(1.5)
        assert await identity.session(cookie) is not None
    await hours_pass(2.1)
    assert await identity.session(cookie) is None
    assert await identity.delete_expired() == 1


async def test_an_agent_s_device_comes_with_him(
    identity: IdentityService, database: Database, project_id: int
) -> None:
    async with database.raw(project_id) as connection:
        await connection.execute(
            "INSERT INTO agents (code, name, pbx, interface) VALUES ('7', 'Boris', 'main', 'PJSIP/7')"
        )
    await identity.add_user("boris", PASSWORD, name="Boris", role="agent", agent_code="7")
    user, _ = await identity.sign_in("boris", PASSWORD)
    assert (user.pbx, user.interface) == ("main", "PJSIP/7")
    assert user.agent_id is not None


async def test_a_user_for_an_agent_that_does_not_exist_is_not_left_half_made(
    identity: IdentityService,
) -> None:
    with pytest.raises(NotFound, match="no agent with the code '7'"):
        await identity.add_user("boris", PASSWORD, name="Boris", role="agent", agent_code="7")
    assert await identity.users() == []


async def test_a_login_is_given_once(identity: IdentityService, anna: int) -> None:
    with pytest.raises(Conflict, match="'anna' is taken"):
        await identity.add_user("Anna", PASSWORD, name="Another", role="agent")


async def test_a_cookie_cannot_be_carried_over_to_another_project(
    identity: IdentityService, anna: int, project_id: int
) -> None:
    _, cookie = await identity.sign_in("anna", PASSWORD)
    assert await identity.session(cookie) is not None
    assert await identity.session(f"{project_id + 1}.{cookie.partition('.')[2]}") is None
    assert await identity.session(cookie) is not None


async def test_a_program_is_known_by_its_token_and_kept_to_its_scope(identity: IdentityService) -> None:
    token = await identity.create_token("pbx", ["routing"])
    program = await identity.check_service_token(token, "routing")
    assert program.name == "pbx"
    with pytest.raises(NotAllowed, match="no scope 'metrics'"):
        await identity.check_service_token(token, "metrics")
    with pytest.raises(NotSignedIn, match="unknown or revoked"):
        await identity.check_service_token(token + "x", "routing")
    with pytest.raises(NotSignedIn, match="X-Tierline-Token"):
        await identity.check_service_token(None, "routing")


async def test_a_revoked_token_stops_working_within_the_time_to_check(
    identity: IdentityService, clock: Clock
) -> None:
    token = await identity.create_token("pbx", ["routing"])
    await identity.check_service_token(token, "routing")
    await identity.revoke_token("pbx")
    clock.now += CHECK_EVERY_S
    with pytest.raises(NotSignedIn):
        await identity.check_service_token(token, "routing")
    with pytest.raises(NotFound):
        await identity.revoke_token("unheard of")


async def test_whoever_was_known_lately_stays_known_while_the_database_is_away(
    identity: IdentityService, anna: int, database: Database, clock: Clock
) -> None:
    user, cookie = await identity.sign_in("anna", PASSWORD)
    token = await identity.create_token("pbx", ["routing"])
    await identity.check_service_token(token, "routing")
    await database.close()
    clock.now += CHECK_EVERY_S
    assert await identity.session(cookie) == user
    assert (await identity.check_service_token(token, "routing")).name == "pbx"
    assert await identity.check_open({user.session}) == set()
    with pytest.raises(Unavailable):
        await identity.session("1.somebody-else")
    clock.now += KNOWN_WHILE_AWAY_S
    with pytest.raises(Unavailable):
        await identity.session(cookie)
