"""What both AMI connections share: where the switch is, how the link stands, when to try again.

A wrong password and an unreachable switch are different things to the person who must repair them, so
they end differently: a refusal is retried slowly (a switch bans who insists), a lost link soon.
"""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import msgspec

from telephony.ids import PbxId


@dataclass(frozen=True)
class Endpoint:
    """One switch's manager interface. `tls`: True for the system's authorities, or a context of your own.

    `connect_timeout_s` covers TCP, TLS, greeting and login together. Raises ValueError for a user name or
    secret that cannot be sent; the secret is in no message and no representation.
    """

    pbx: PbxId
    host: str
    port: int
    username: str
    secret: str = field(repr=False)
    tls: bool | ssl.SSLContext | None = None
    connect_timeout_s: float = 5.0

    def __post_init__(self) -> None:
        for name, value in (("user name", self.username), ("secret", self.secret)):
            if not value or not value.isprintable():
                raise ValueError(
                    f"the AMI {name} of PBX {self.pbx} is empty or holds an unprintable character"
                )

    @property
    def ssl_context(self) -> ssl.SSLContext | None:
        if isinstance(self.tls, ssl.SSLContext):
            return self.tls
        return ssl.create_default_context() if self.tls else None

    def refusal(self, message: str) -> str:
        """The switch's own words, and what to do about them."""
        return (
            f"PBX {self.pbx} refused the login of user '{self.username}': {message} — "
            f"check secret= and permit= of [{self.username}] in manager.conf"
        )


class Connecting(msgspec.Struct, frozen=True, tag=True):
    """Being connected, or logging in."""


class Up(msgspec.Struct, frozen=True, tag=True):
    """Logged in. `banner`: how the switch introduced itself."""

    banner: str


class Refused(msgspec.Struct, frozen=True, tag=True):
    """The switch answers and does not let us in: a person must change something. `retry_s`: from now."""

    words: str
    retry_s: float


class Down(msgspec.Struct, frozen=True, tag=True):
    """Not connected. `retry_s`: seconds from now until the next attempt."""

    words: str
    retry_s: float


LinkState = Connecting | Up | Refused | Down


@dataclass(frozen=True)
class Ending:
    """Why one connection is over. `error`: a fault of ours, which must end the program's task group."""

    words: str
    refused: bool = False
    error: Exception | None = None


class Backoff:
    """Exponential, bounded, with jitter so that many processes do not knock at the same moment.

    The n-th wait is min(ceiling, first * 2**n), made shorter by up to `jitter` (a share of it).
    `rng`: returns [0, 1).
    """

    def __init__(
        self,
        first_s: float = 0.5,
        ceiling_s: float = 30.0,
        refused_s: float = 60.0,
        jitter: float = 0.3,
        rng: Callable[[], float] = random.random,
    ) -> None:
        self._first_s = first_s
        self._ceiling_s = ceiling_s
        self._refused_s = refused_s
        self._jitter = jitter
        self._rng = rng
        self._losses = 0

    def after_loss(self) -> float:
        wait = min(self._ceiling_s, self._first_s * 2.0 ** min(self._losses, 32))
        self._losses += 1
        return self._shortened(wait)

    def after_refusal(self) -> float:
        return self._shortened(self._refused_s)

    def reset(self) -> None:
        self._losses = 0

    def _shortened(self, wait: float) -> float:
        return wait * (1.0 - self._jitter * self._rng())


Sleep = Callable[[float], Awaitable[None]]


async def keep_connected(
    session: Callable[[], Awaitable[Ending]],
    tell: Callable[[LinkState], None],
    backoff: Backoff,
    sleep: Sleep = asyncio.sleep,
) -> None:
    """One session after another until cancelled. Raises what a session could not have expected."""
    while True:
        tell(Connecting())
        ending = await session()
        if ending.error is not None:
            raise ending.error
        if ending.refused:
            wait = backoff.after_refusal()
            tell(Refused(ending.words, wait))
        else:
            wait = backoff.after_loss()
            tell(Down(ending.words, wait))
        await sleep(wait)


def unreachable(endpoint: Endpoint, error: OSError, *, greeted: bool) -> Ending:
    """Why there is no connection, in words for the person who must repair it.

    `greeted`: somebody there introduced himself as a manager interface.
    """
    where = f"PBX {endpoint.pbx} at {endpoint.host}:{endpoint.port}"
    if isinstance(error, TimeoutError):
        limit = f"{endpoint.connect_timeout_s:g} s"
        if greeted:
            return Ending(f"{where} did not answer the login within {limit}")
        return Ending(
            f"{where}: nobody introduced himself as an Asterisk manager within {limit}: check host and port"
        )
    if isinstance(error, ssl.SSLError):
        return Ending(f"{where}: TLS failed: {error}: check the certificate and tlsenable= in manager.conf")
    return Ending(f"{where} cannot be reached: {error}: check host, port and enabled= in manager.conf")
