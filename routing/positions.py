"""How many go before each caller: what an announcement tells him. For all at once, because one sort serves everybody."""

from collections import Counter

from routing.places import Group
from routing.room import Room


def positions(room: Room) -> dict[str, int]:
    """Caller -> 1 when he is next, as the order stands now. Before him count those who may take an agent from him: their
    needs are met by somebody on duty who meets his."""
    rivals: dict[int, list[int]] = {}
    before: Counter[int] = Counter()
    found = {}
    for place in sorted(room.places.values(), key=lambda one: one.key):
        group = place.group
        if (those := rivals.get(id(group))) is None:
            those = rivals[id(group)] = _rivals(room, group)
        found[place.caller.id] = 1 + sum(before[one] for one in those)
        before[id(group)] += 1
    return found


def _rivals(room: Room, group: Group) -> list[int]:
    mine = _staffed(group)
    return [id(other) for other in room.groups.values() if not mine.isdisjoint(_staffed(other))]


def _staffed(group: Group) -> set[int]:
    return {id(profile) for _, profile in group.pool.profiles if profile.on_duty}
