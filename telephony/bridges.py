"""Who hears whom: the legs inside each bridge of the switch."""

from collections.abc import Iterable

from telephony.calls import Leg, Part
from telephony.ids import BridgeId, ChannelId


class Bridges:
    """Empty bridges are forgotten."""

    def __init__(self) -> None:
        self._inside: dict[BridgeId, dict[ChannelId, Leg]] = {}

    def enter(self, leg: Leg, bridge: BridgeId, *, alone: bool = False) -> None:
        """`alone`: nobody in there hears him, nor he them."""
        self.leave(leg)
        leg.bridge = bridge
        if not alone:
            self._inside.setdefault(bridge, {})[leg.id] = leg

    def leave(self, leg: Leg) -> None:
        if leg.bridge is None:
            return
        inside = self._inside.get(leg.bridge)
        if inside is not None:
            inside.pop(leg.id, None)
            if not inside:
                del self._inside[leg.bridge]
        leg.bridge = None

    def inside(self, bridge: BridgeId) -> Iterable[Leg]:
        return self._inside.get(bridge, {}).values()

    def hearing(self, leg: Leg) -> list[Leg]:
        """All parties that hear each other with this leg, through Local pairs too."""
        if leg.bridge is None or leg.id not in self._inside.get(leg.bridge, {}):
            return []
        parties: list[Leg] = []
        bridges, todo = {leg.bridge}, [leg.bridge]
        while todo:
            for inside in self._inside.get(todo.pop(), {}).values():
                if inside.part is not Part.INNER:
                    parties.append(inside)
                    continue
                beyond = inside.pair.bridge if inside.pair is not None else None
                if beyond is not None and beyond not in bridges:
                    bridges.add(beyond)
                    todo.append(beyond)
        return parties
