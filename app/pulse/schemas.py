"""The pulse of a line as supervisors read it."""

from pydantic import BaseModel


class TierLoad(BaseModel):
    """`ewt_s`: estimated wait of a caller who joins now; null while nobody is on duty. `patience_s`: mean."""

    tier: str
    waiting: int
    ewt_s: float | None
    patience_s: float


class LoadOfLine(BaseModel):
    """`agents`: on duty; `idle`: of them, ready for a call; `kept_mid`, `kept_low`: idle agents that callers of those
    bands leave for the highest tiers. `vip_late`: chance that the next caller of the highest tiers waits longer than
    promised; `vip_ended`: waits of those tiers that ended since the start, `vip_kept`: of them as promised."""

    pbx: str
    line: str
    agents: int
    idle: int
    aht_s: float
    kept_mid: int
    kept_low: int
    vip_late: float
    vip_per_s: float
    vip_ended: int
    vip_kept: int
    tiers: list[TierLoad]
