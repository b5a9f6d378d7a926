"""The pulse of every line over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from app.infra.auth import SignedIn, require
from app.pulse.schemas import LoadOfLine, TierLoad
from app.pulse.service import Pulse
from routing.pulse import LineLoad

router = APIRouter(prefix="/routing", tags=["routing"])


def _pulse(request: Request) -> Pulse:
    pulse: Pulse = request.app.state.pulse
    return pulse


@router.get("/load")
async def read_load(
    _: Annotated[SignedIn, Depends(require("supervisor"))], pulse: Annotated[Pulse, Depends(_pulse)]
) -> list[LoadOfLine]:
    """Every line now: who waits and who serves, handling time and patience as estimated, the wait to expect, the
    reserve for the highest tiers and the chance that their next caller waits longer than promised."""
    return [_shown(pbx, line, load) for pbx, line, load in pulse.everything()]


def _shown(pbx: str, line: str, load: LineLoad) -> LoadOfLine:
    return LoadOfLine(
        pbx=pbx,
        line=line,
        agents=load.agents,
        idle=load.idle,
        aht_s=load.aht_s,
        kept_mid=load.reserve.mid,
        kept_low=load.reserve.low,
        vip_late=load.vip_late,
        vip_per_s=load.vip_per_s,
        vip_ended=load.vip_ended,
        vip_kept=load.vip_kept,
        tiers=[
            TierLoad(tier=tier, waiting=waiting, ewt_s=load.ewt_s[tier], patience_s=load.patience_s[tier])
            for tier, waiting in load.waiting.items()
        ],
    )
