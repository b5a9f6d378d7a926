"""What decides about passwords, secrets and attempts. Pure: time and chance come in as arguments."""

import hashlib
import ipaddress
from collections import OrderedDict

from app.errors import BadInput

SCOPES = ("routing", "callbacks", "metrics", "doctor", "why")
"""What a service token may be for. `callbacks`: the company's site, which has calls promised; `doctor`: comparing the floor
with the switch, now; `why`: reading why calls went where they went."""

FAILURES_PER_LOGIN = 10
FAILURES_PER_ADDRESS = 100
WINDOW_S = 900.0


def clean_login(login: str) -> str:
    """As stored: lower case, no spaces around. Raises `BadInput`."""
    cleaned = login.strip().lower()
    if not cleaned or len(cleaned) > 100 or not cleaned.isprintable() or " " in cleaned:
        raise BadInput("A login has 1–100 characters and no spaces.")
    return cleaned


def check_password(password: str, login: str) -> None:
    """Length is what counts; kinds of characters are not asked for. Raises `BadInput`."""
    if len(password) < 8:
        raise BadInput("The password is too short: take 8 characters or more.")
    if len(password) > 200:
        raise BadInput("The password is too long: take 200 characters or fewer.")
    if password.lower() == login:
        raise BadInput("The password equals the login: take another.")


def check_scopes(scopes: list[str]) -> None:
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        named = f"Unknown scope {', '.join(unknown)}" if unknown else "A token without a scope is of no use"
        raise BadInput(f"{named}: choose from {', '.join(SCOPES)}.")


def handed_out(project_id: int, secret: str) -> str:
    """What the person gets. The project stands in front because nothing can be read before it is known."""
    return f"{project_id}.{secret}"


def taken_apart(handed: str | None) -> tuple[int, bytes] | None:
    """(project, SHA-256 of the secret); None for what we never handed out."""
    project, dot, secret = (handed or "").partition(".")
    if not dot or not secret or len(secret) > 100 or not (project.isascii() and project.isdigit()):
        return None
    return (int(project), digest(secret)) if len(project) <= 18 else None


def digest(secret: str) -> bytes:
    """A plain SHA-256 is enough: the secret has 256 random bits, there is nothing to guess."""
    return hashlib.sha256(secret.encode()).digest()


def network_of(address: str) -> str:
    """One IPv6 user has a whole /64 to change addresses in."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped:
            return str(ip.ipv4_mapped)
        return str(ipaddress.ip_network((ip, 64), strict=False))
    return str(ip)


class Throttle:
    """Counts attempts in fixed windows, for a login from an address and for an address. Bounded: the oldest is forgotten."""

    def __init__(self, size: int = 10_000) -> None:
        self._size = size
        self._counts: OrderedDict[tuple[str, str], tuple[float, int]] = OrderedDict()

    def wait(self, login: str, address: str, now: float) -> float:
        """Seconds until this login may be tried again from this address; 0: now."""
        return max(self._left(key, limit, now) for key, limit in self._keys(login, address))

    def count(self, login: str, address: str, now: float) -> None:
        """Before the password is looked at, so that attempts at the same time count too."""
        for key, _ in self._keys(login, address):
            since, count = self._current(key, now)
            self._counts[key] = (since, count + 1)
            self._counts.move_to_end(key)
        while len(self._counts) > self._size:
            self._counts.popitem(last=False)

    def succeeded(self, login: str, address: str, now: float) -> None:
        """A right password takes its own attempt back: a whole office behind one address may sign in at nine."""
        own, shared = (key for key, _ in self._keys(login, address))
        self._counts.pop(own, None)
        since, count = self._current(shared, now)
        if count:
            self._counts[shared] = (since, count - 1)

    def _keys(self, login: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
        network = network_of(address)
        return ((login, network), FAILURES_PER_LOGIN), (("", network), FAILURES_PER_ADDRESS)

    def _current(self, key: tuple[str, str], now: float) -> tuple[float, int]:
        since, count = self._counts.get(key, (now, 0))
        return (since, count) if now - since < WINDOW_S else (now, 0)

    def _left(self, key: tuple[str, str], limit: int, now: float) -> float:
        since, count = self._current(key, now)
        return since + WINDOW_S - now if count >= limit else 0.0
