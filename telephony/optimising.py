"""Internal legs that the switch takes out between two talkers: one of the two goes over into the bridge of the other, and is
in none for a millisecond. The talk is one, so whether it is over is told when the change is complete."""

from telephony import events as happened
from telephony.calls import Leg
from telephony.ids import ChannelId
from telephony.legs import Legs
from telephony.talks import Talks


class Optimising:
    def __init__(self, legs: Legs, talks: Talks) -> None:
        self._legs = legs
        self._talks = talks
        self._between: dict[ChannelId, dict[Leg, float]] = {}
        """Who left a bridge meanwhile and when, by each of the two ends that are taken out."""

    def began(self, event: happened.OptimisationBegan, at: float) -> None:
        if event.one in self._legs.by_id and event.two in self._legs.by_id:
            self._between[event.one] = self._between[event.two] = {}

    def changes_over(self, leg: Leg, at: float) -> bool:
        """Whether this leg, which is about to leave its bridge, does so because of a change that goes on."""
        if not self._between or leg.bridge is None:
            return False
        for end in self._legs.bridges.inside(leg.bridge):
            if end.id in self._between:
                self._between[end.id][leg] = at
                return True
        return False

    def ended(self, event: happened.OptimisationEnded, at: float) -> None:
        self.over(event.one)
        self.over(event.two)

    def over(self, channel: ChannelId) -> None:
        """Told so, or one of the two ends is gone. Who hears nobody by now, has heard nobody since he left."""
        between = self._between.pop(channel, {})
        for leg, left_at in between.items():
            if not leg.put_on_hold and len(self._legs.bridges.hearing(leg)) < 2:
                self._talks.end_talk(leg, left_at)
        between.clear()
