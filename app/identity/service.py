"""Signing in and out, sessions, tokens of other programs; and the few things an administrator does with them.

Every check is remembered for some seconds (`CHECK_EVERY_S`): so long may a revoked session or token still work.
While the database is away, whoever was known lately stays known: calls and screens go on.
"""

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import structlog
from pwdlib import PasswordHash

from app.errors import BadInput, Conflict, NotAllowed, NotFound, NotSignedIn, TooMany, Unavailable
from app.identity import repository, rules
from app.infra.auth import Program, SignedIn
from app.infra.db import Database
from app.infra.memory import Remembered

CHECK_EVERY_S = 10.0
KNOWN_WHILE_AWAY_S = 3600.0
_HASHING_AT_ONCE = 2
_WAITING_AT_MOST = 50

_AWAY = (Unavailable, OSError, TimeoutError, asyncpg.PostgresConnectionError, asyncpg.InterfaceError)
_log = structlog.get_logger(__name__)


class IdentityService:
    """`clock`: monotonic seconds. `ended` callbacks get the keys of sessions that are over, to close their sockets."""

    def __init__(
        self,
        database: Database,
        project_id: int,
        *,
        session_hours: float = 12,
        clock: Callable[[], float] = time.monotonic,
        hasher: PasswordHash | None = None,
    ) -> None:
        self._database = database
        self._project_id = project_id
        self._lasts = timedelta(hours=session_hours)
        self._clock = clock
        self._hasher = hasher or PasswordHash.recommended()
        self._nobodys_hash: str | None = None
        self._hashing = asyncio.Semaphore(_HASHING_AT_ONCE)
        self._waiting = 0
        self._throttle = rules.Throttle()
        self._sessions: Remembered[tuple[int, bytes], SignedIn] = Remembered(
            ttl=CHECK_EVERY_S, stale=KNOWN_WHILE_AWAY_S
        )
        self._programs: Remembered[tuple[int, bytes], Program] = Remembered(
            ttl=CHECK_EVERY_S, stale=KNOWN_WHILE_AWAY_S
        )
        self._ended: list[Callable[[set[bytes]], None]] = []

    # --- people -------------------------------------------------------------------------------------------

    async def sign_in(
        self, login: str, password: str, *, address: str = "", user_agent: str | None = None
    ) -> tuple[SignedIn, str]:
        """(user, cookie value). Raises `NotSignedIn`, or `TooMany` after repeated failures.

        An unknown login costs as much time as a wrong password, so that nobody learns which logins exist."""
        login = login.strip().lower()
        wait = self._throttle.wait(login, address, self._clock())
        if wait > 0:
            raise TooMany(f"Too many attempts. Try again in {max(1, round(wait / 60))} min.")
        self._throttle.count(login, address, self._clock())
        async with self._database.raw(self._project_id) as connection:
            user = await repository.user_by_login(connection, login)
        usable = user is not None and not user["disabled"] and user["password_hash"] is not None
        right, better_hash = await self._verify(password, user["password_hash"] if user and usable else None)
        if user is None or not usable or not right:
            _log.warning("sign-in refused", login=login, address=address)
            raise NotSignedIn("Login or password is wrong.")
        self._throttle.succeeded(login, address, self._clock())
        secret = secrets.token_urlsafe(32)
        key = rules.digest(secret)
        async with self._database.raw(self._project_id) as connection:
            if better_hash:
                await repository.set_password_hash(connection, user["id"], better_hash)
            await repository.add_session(
                connection, key, user["id"], self._lasts, address or None, (user_agent or "")[:300] or None
            )
            found = await repository.running_session(connection, key)
        if found is None:
            raise NotSignedIn("Login or password is wrong.")
        signed_in = SignedIn(**found)
        self._remember(signed_in)
        return signed_in, rules.handed_out(self._project_id, secret)

    async def session(self, cookie: str | None) -> SignedIn | None:
        """Whose cookie this is; None when it is nobody's. Each use prolongs the session. Raises `Unavailable`."""
        apart = rules.taken_apart(cookie)
        if apart is None:
            return None
        remembered = self._sessions.fresh(apart, self._clock())
        if remembered is not None:
            return remembered
        project_id, key = apart
        try:
            async with self._database.raw(project_id) as connection:
                found = await repository.running_session(connection, key)
                if found is not None:
                    await repository.touch_session(connection, key, self._lasts)
        except _AWAY as error:
            known = self._sessions.stale(apart, self._clock())
            if known is None:
                raise Unavailable("The database does not answer: try again in a moment.") from error
            return known
        if found is None:
            self._over(project_id, {key})
            return None
        signed_in = SignedIn(**found)
        self._remember(signed_in)
        return signed_in

    async def sign_out(self, user: SignedIn) -> None:
        async with self._database.raw(user.project_id) as connection:
            await repository.end_session(connection, user.session)
        self._over(user.project_id, {user.session})

    async def change_wishes(self, user: SignedIn, language: str | None, theme: str | None) -> SignedIn:
        async with self._database.raw(user.project_id) as connection:
            await repository.set_wishes(connection, user.user_id, language, theme)
            found = await repository.running_session(connection, user.session)
        if found is None:
            raise NotSignedIn("Sign in first.")
        changed = SignedIn(**found)
        self._remember(changed)
        return changed

    def on_ended(self, callback: Callable[[set[bytes]], None]) -> None:
        """Called with `SignedIn.session` keys as soon as we know that they are over."""
        self._ended.append(callback)

    async def check_open(self, keys: Iterable[bytes]) -> set[bytes]:
        """For whoever holds sockets open: asked every few seconds with their sessions, in one query. Returns those
        that are over (signed out elsewhere, disabled, expired); `on_ended` callbacks hear of them too. Being
        connected is a use: the others are prolonged."""
        asked = set(keys)
        if not asked:
            return set()
        try:
            async with self._database.raw(self._project_id) as connection:
                running = await repository.still_running(connection, asked)
                for key in running:
                    await repository.touch_session(connection, key, self._lasts)
        except _AWAY:
            return set()
        over = asked - running
        if over:
            self._over(self._project_id, over)
        return over

    async def delete_expired(self) -> int:
        async with self._database.raw(self._project_id) as connection:
            return await repository.delete_expired(connection)

    async def _verify(self, password: str, password_hash: str | None) -> tuple[bool, str | None]:
        if self._waiting >= _WAITING_AT_MOST:
            raise TooMany("Too many people sign in at once. Try again in a moment.")
        self._waiting += 1
        try:
            async with self._hashing:
                if self._nobodys_hash is None:
                    self._nobodys_hash = await self._hash(secrets.token_urlsafe(16))
                against = password_hash or self._nobodys_hash
                return await asyncio.to_thread(self._hasher.verify_and_update, password, against)
        finally:
            self._waiting -= 1

    async def _hash(self, password: str) -> str:
        return await asyncio.to_thread(self._hasher.hash, password)

    def _remember(self, user: SignedIn) -> None:
        self._sessions.put((user.project_id, user.session), user, self._clock())

    def _over(self, project_id: int, keys: set[bytes]) -> None:
        for key in keys:
            self._sessions.forget((project_id, key))
        for callback in self._ended:
            callback(keys)

    # --- other programs -----------------------------------------------------------------------------------

    async def check_service_token(self, token: str | None, scope: str) -> Program:
        """Raises `NotSignedIn` for an unknown or revoked token, `NotAllowed` for one of another scope."""
        apart = rules.taken_apart(token)
        if apart is None:
            raise NotSignedIn("This needs a service token: send it in X-Tierline-Token.")
        program = self._programs.fresh(apart, self._clock()) or await self._look_up(apart)
        if program is None:
            raise NotSignedIn("The service token is unknown or revoked.")
        if scope not in program.scopes:
            raise NotAllowed(f"The service token {program.name!r} has no scope {scope!r}.")
        return program

    async def _look_up(self, apart: tuple[int, bytes]) -> Program | None:
        project_id, key = apart
        try:
            async with self._database.raw(project_id) as connection:
                row = await repository.valid_token(connection, key)
        except _AWAY as error:
            known = self._programs.stale(apart, self._clock())
            if known is None:
                raise Unavailable("The database does not answer: try again in a moment.") from error
            return known
        if row is None:
            self._programs.forget(apart)
            return None
        program = Program(project_id, row["name"], frozenset(row["scopes"]))
        self._programs.put(apart, program, self._clock())
        return program

    async def create_token(self, name: str, scopes: list[str]) -> str:
        """The token, shown this once: only its hash is kept. Raises `BadInput`, `Conflict`."""
        rules.check_scopes(scopes)
        if not name.strip() or len(name) > 100:
            raise BadInput("A token's name has 1–100 characters.")
        secret = secrets.token_urlsafe(32)
        async with self._database.raw(self._project_id) as connection:
            added = await repository.add_token(
                connection, name.strip(), rules.digest(secret), sorted(set(scopes))
            )
        if added is None:
            raise Conflict(f"A token named {name!r} exists already: choose another name.")
        return rules.handed_out(self._project_id, secret)

    @asynccontextmanager
    async def passing_token(self, purpose: str, scope: str) -> AsyncIterator[str]:
        """A token for one visit to the service by whoever may open its database; no trace of it stays."""
        token = await self.create_token(f"{purpose} {secrets.token_hex(4)}", [scope])
        try:
            yield token
        finally:
            apart = rules.taken_apart(token)
            if apart is not None:
                async with self._database.raw(self._project_id) as connection:
                    await repository.delete_token(connection, apart[1])

    async def tokens(self) -> list[dict[str, object]]:
        async with self._database.raw(self._project_id) as connection:
            return [dict(row) for row in await repository.all_tokens(connection)]

    async def revoke_token(self, name: str) -> None:
        async with self._database.raw(self._project_id) as connection:
            if not await repository.revoke_token(connection, name):
                raise NotFound(f"There is no token named {name!r}.")

    # --- the administrator --------------------------------------------------------------------------------

    async def add_user(
        self,
        login: str,
        password: str,
        *,
        name: str,
        role: str,
        language: str = "ru",
        agent_code: str | None = None,
    ) -> int:
        """His id. `agent_code`: the agent he is. Raises `BadInput`, `Conflict`, `NotFound`."""
        login = rules.clean_login(login)
        rules.check_password(password, login)
        password_hash = await self._hash(password)
        async with self._database.raw(self._project_id) as connection:
            user_id = await repository.add_user(connection, login, name, role, password_hash, language)
            if user_id is None:
                raise Conflict(f"The login {login!r} is taken.")
            if agent_code is not None and not await repository.make_agent(connection, user_id, agent_code):
                raise NotFound(f"There is no agent with the code {agent_code!r}.")
        return user_id

    async def users(self) -> list[dict[str, object]]:
        async with self._database.raw(self._project_id) as connection:
            return [dict(row) for row in await repository.all_users(connection)]

    async def set_password(self, login: str, password: str) -> None:
        """Ends all his sessions. Raises `BadInput`, `NotFound`."""
        login = rules.clean_login(login)
        rules.check_password(password, login)
        password_hash = await self._hash(password)
        async with self._database.raw(self._project_id) as connection:
            user_id = await self._user_id(connection, login)
            await repository.set_password_hash(connection, user_id, password_hash)
            over = await repository.end_sessions_of(connection, user_id)
        self._over(self._project_id, set(over))

    async def set_disabled(self, login: str, disabled: bool) -> None:
        """A disabled user keeps his history and cannot sign in; his sessions end. Raises `NotFound`."""
        async with self._database.raw(self._project_id) as connection:
            user_id = await self._user_id(connection, rules.clean_login(login))
            await repository.set_disabled(connection, user_id, disabled)
            over = await repository.end_sessions_of(connection, user_id) if disabled else []
        self._over(self._project_id, set(over))

    async def _user_id(self, connection: "repository.Connection", login: str) -> int:
        user = await repository.user_by_login(connection, login)
        if user is None:
            raise NotFound(f"There is no user {login!r}.")
        user_id: int = user["id"]
        return user_id
