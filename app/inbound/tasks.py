"""What runs beside the calls: rules are read again."""

import asyncio

import structlog

from app.inbound.rules import KnownRules
from app.infra.db import AWAY

log = structlog.get_logger(__name__)


async def keep_rules_fresh(rules: KnownRules, every_s: float = 5.0) -> None:
    """Until cancelled: a change of lines or policy counts within `every_s`, also one made by another process."""
    while True:
        try:
            await rules.refresh_all()
        except AWAY as error:
            log.warning("rules_not_refreshed", error=str(error))
        await asyncio.sleep(every_s)
