"""Is this talk recorded? The administrator's rules, first match wins; chance is the call's own id, so that asking again
about the same call gives the same answer.
"""

from hashlib import sha256
from typing import NamedTuple

import msgspec

from routing.policy import Policy, RecordingRule
from telephony.ids import CallId, Interface, PbxId

_PARTS = 1_000_000
"""Shares are told apart to a ten-thousandth of a percent."""


class Talk(NamedTuple):
    """`line`, `tier`: None when not known. `agent`: his device; None while nobody has answered."""

    pbx: PbxId
    call: CallId
    line: str | None
    tier: str | None
    agent: Interface | None


class Verdict(msgspec.Struct, frozen=True):
    """`because` can be read by a supervisor."""

    records: bool
    because: str


def records(talk: Talk, policy: Policy) -> Verdict:
    """Pure. Before the answer a rule about agents matches nobody."""
    for place, rule in enumerate(policy.rules.recording, 1):
        if _matches(rule, talk):
            return _by_share(rule, talk, f"policy {policy.version}, recording rule {place} ({_told(rule)})")
    every = policy.rules.record
    return Verdict(
        every, f"policy {policy.version}, no recording rule names it: {'every' if every else 'no'} talk"
    )


def share_of(pbx: PbxId, call: CallId) -> float:
    """Where a call stands between 0 and 100, evenly spread and the same for ever: recorded where that is less than
    the rule's percentage. A smaller percentage so records a part of what a larger one does."""
    digest = sha256(f"{pbx}/{call}".encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") % _PARTS * 100 / _PARTS


def _by_share(rule: RecordingRule, talk: Talk, where: str) -> Verdict:
    if rule.percent in (0, 100):
        return Verdict(rule.percent == 100, f"{where}: {'every' if rule.percent else 'no'} talk")
    share = share_of(talk.pbx, talk.call)
    chosen = share < rule.percent
    return Verdict(chosen, f"{where}: {rule.percent:g} %, and this call stands at {share:.4f}")


def _matches(rule: RecordingRule, talk: Talk) -> bool:
    wanted = ((rule.lines, talk.line), (rule.tiers, talk.tier), (rule.agents, talk.agent))
    return all(not names or name in names for names, name in wanted)


def _told(rule: RecordingRule) -> str:
    parts = (("line", rule.lines), ("tier", rule.tiers), ("agent", rule.agents))
    return "; ".join(f"{what} {', '.join(names)}" for what, names in parts if names) or "everybody"
