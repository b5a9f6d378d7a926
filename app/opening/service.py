"""Closes and opens lines. The webhook is told before the answer is given: the next call hears it."""

import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import structlog

from app.errors import BadInput, Conflict, NotFound
from app.infra.auth import SignedIn
from app.infra.db import Database
from app.lines.known import known
from app.lines.repository import dialled
from app.opening import repository
from app.opening.schemas import Closing, ClosingWish, LineOpening

log = structlog.get_logger(__name__)

LONGEST = timedelta(days=366)


class OpeningService:
    """`changed()`: lines are to be read again by those who keep them in memory."""

    def __init__(
        self,
        database: Database,
        project_id: int,
        changed: Callable[[], Awaitable[object]],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database = database
        self._project_id = project_id
        self._changed = changed
        self._clock = clock

    async def lines(self) -> list[LineOpening]:
        now = self._clock()
        async with self._database.raw(self._project_id) as connection:
            rows = {row.code: row for row in await dialled(connection)}
            names = await repository.names(connection)
            closings = await repository.in_force(connection, datetime.fromtimestamp(now, UTC))
        shown = []
        for code, name in names.items():
            line, closing = known(rows[code]), closings.get(name["id"])
            state = line.opening(now)
            opens = datetime.fromtimestamp(state.opens_at, UTC) if state.opens_at is not None else None
            shown.append(
                LineOpening(
                    line=code,
                    name_ru=name["name_ru"],
                    name_en=name["name_en"],
                    pbx=line.pbx,
                    open=state.open,
                    why=state.why,
                    opens_at=opens,
                    time_zone=rows[code].time_zone,
                    hours=rows[code].hours,
                    holidays=rows[code].days_off,
                    after_hours=rows[code].after_hours,
                    closing=_closing(closing) if closing else None,
                )
            )
        return shown

    async def close(self, user: SignedIn, code: str, wish: ClosingWish) -> LineOpening:
        """A closing in force is replaced. Raises `NotFound`, `BadInput`."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        if wish.until is not None and wish.until <= now:
            raise BadInput("until has passed already: name a later moment, or none.")
        if wish.until is not None and wish.until > now + LONGEST:
            raise BadInput("until is more than a year ahead: leave it out to close until somebody opens.")
        async with self._database.raw(self._project_id) as connection:
            line = await repository.line_id(connection, code)
            if line is None:
                raise NotFound(f"There is no line {code}.")
            await repository.end(connection, line, now, user.user_id)
            await repository.close(connection, line, now, wish.until, wish.reason, wish.message, user.user_id)
        log.info("line_closed", line=code, by=user.login, reason=wish.reason, until=wish.until)
        await self._changed()
        return await self._line(code)

    async def open(self, user: SignedIn, code: str) -> LineOpening:
        """Ends a supervisor's closing; the line's hours stay. Raises `NotFound`, `Conflict`."""
        now = datetime.fromtimestamp(self._clock(), UTC)
        async with self._database.raw(self._project_id) as connection:
            line = await repository.line_id(connection, code)
            if line is None:
                raise NotFound(f"There is no line {code}.")
            if not await repository.end(connection, line, now, user.user_id):
                raise Conflict(f"Nobody has closed line {code}: what closes it are its hours.")
        log.info("line_opened", line=code, by=user.login)
        await self._changed()
        return await self._line(code)

    async def history(self, code: str) -> list[Closing]:
        """Newest first. Raises `NotFound`."""
        async with self._database.raw(self._project_id) as connection:
            line = await repository.line_id(connection, code)
            if line is None:
                raise NotFound(f"There is no line {code}.")
            return [_closing(row) for row in await repository.history(connection, line)]

    async def _line(self, code: str) -> LineOpening:
        return next(line for line in await self.lines() if line.line == code)


def _closing(row: object) -> Closing:
    return Closing.model_validate(dict(row))  # type: ignore[call-overload]
