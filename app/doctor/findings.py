"""What a check may say."""

from typing import Literal, NamedTuple

Verdict = Literal["ok", "warning", "failed"]


class Finding(NamedTuple):
    """`about`: what was looked at. `found`: what was seen. `advice`: what to do; empty when all is well."""

    about: str
    verdict: Verdict
    found: str
    advice: str = ""


def ok(about: str, found: str) -> Finding:
    return Finding(about, "ok", found)


def warning(about: str, found: str, advice: str) -> Finding:
    return Finding(about, "warning", found, advice)


def failed(about: str, found: str, advice: str) -> Finding:
    return Finding(about, "failed", found, advice)
