"""How far one switch's clock is from ours, so that its moments can be told by ours.

Durations are differences of the switch's own timestamps, whatever its clock says, as long as the difference added to
them stays the same. So it stays, until it is wrong by more than a network or a busy machine explains. A clock that is
set in mid-call betrays itself by its own timestamps: nothing happens in the future, and nothing before what was told.
"""

STEADY_S = 0.25
"""A difference this small is left alone: machines that keep their clocks (NTP) are nearer."""

STEP_S = 2.0
"""Timestamps of different channels come out of order by milliseconds; this far back, somebody set the clock."""


class SwitchClock:
    """`offset`: seconds to add to the switch's moments to have ours. `measured`: our clock minus the switch's as last
    compared, None before the first time; `offset` follows it in steps. All moments: seconds since the epoch."""

    def __init__(self) -> None:
        self.offset = 0.0
        self.measured: float | None = None
        self._latest: float | None = None

    def compared(self, asked: float, told: float, answered: float) -> float:
        """We asked at `asked` and had the answer at `answered`, both by our clock; the switch says it was `told`.
        What was measured.

        The switch looked at its clock somewhere between, so the middle is wrong by half of the way at most.
        """
        measured = self.measured = (asked + answered) / 2 - told
        if abs(measured - self.offset) > STEADY_S + (answered - asked) / 2:
            self._set(measured)
        return measured

    def heard(self, told: float, now: float) -> bool:
        """An event of the moment `told` is read at `now`, by our clock. True when the clock turns out to be set: then
        `offset` has followed as well as an event can tell, and it should be compared again."""
        latest = self._latest
        future = told + self.offset > now + STEADY_S
        backwards = latest is not None and told < latest - STEP_S
        first_words = self.measured is None and latest is None and now - told - self.offset > STEP_S
        if future or backwards or first_words:
            self._set(now - told)
            self._latest = told
            return True
        if latest is None or told > latest:
            self._latest = told
        return False

    def _set(self, offset: float) -> None:
        self.offset = offset
        self._latest = None
