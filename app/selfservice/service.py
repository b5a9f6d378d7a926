"""What may be said of a client to whoever calls from his number: nothing as soon as it could be somebody else."""

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime

from app.errors import Unavailable
from app.infra import numbers
from app.infra.db import AWAY, Database
from app.selfservice.repository import facts_of
from app.selfservice.schemas import ClientFacts, Question

ANSWER_WITHIN_S = 1.0
"""The dialplan waits half a second longer."""


class SelfService:
    def __init__(self, database: Database, region: str, clock: Callable[[], float] = time.time) -> None:
        self._database = database
        self._region = region
        self._clock = clock

    async def facts(self, project_id: int, question: Question) -> ClientFacts:
        """Without facts for a number that several clients share, that nobody has, or that is withheld. Raises `Unavailable`."""
        number = numbers.parse(question.ani, self._region).e164
        if number is None:
            return ClientFacts()
        today = datetime.fromtimestamp(self._clock(), UTC).date()
        try:
            async with asyncio.timeout(ANSWER_WITHIN_S), self._database.raw(project_id) as connection:
                row = await facts_of(connection, number, today)
        except AWAY as error:
            raise Unavailable("The database does not answer: the caller goes on to his line.") from error
        return ClientFacts() if row is None else ClientFacts.model_validate(dict(row))
