"""Names of things on the switches. Each is a plain string at run time and a type of its own to the checker.

Ids are only unique within one PBX: outside a `Floor` they always travel together with a `PbxId`.
They do not sort by time.
"""

from typing import NewType

PbxId = NewType("PbxId", str)
"""Our short name of a switch, from the settings: `main`."""

CallId = NewType("CallId", str)
"""One client's whole conversation: Asterisk's Linkedid of its first leg."""

ChannelId = NewType("ChannelId", str)
"""One leg: Asterisk's Uniqueid, never the channel's name (names change and are reused)."""

BridgeId = NewType("BridgeId", str)
"""What joins legs that hear each other: Asterisk's BridgeUniqueid."""

QueueName = NewType("QueueName", str)
"""A queue of app_queue; a line owns one."""

Interface = NewType("Interface", str)
"""An agent's device as the switch dials it: `PJSIP/1001`. The engines know agents by it alone."""
