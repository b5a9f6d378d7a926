"""Whose device a channel is, and whether it was dialled as a phone or through a trunk."""

import pytest

from telephony.ids import Interface
from telephony.names import device_of, dialled_by_name

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("channel", "dial", "contacts", "by_name"),
    [
        ("PJSIP/1006-0000002f", "PJSIP/1006", set(), True),
        ("PJSIP/1006-0000002f", "1006", set(), True),
        ("PJSIP/1006-0000002f", "1006/sip:1006@10.0.0.6", {"sip:1006@10.0.0.6"}, True),
        ("PJSIP/trunk-0000002f", "79160000000@trunk", set(), False),
        ("PJSIP/trunk-0000002f", "trunk/sip:79160000000@provider", set(), False),
        ("SIP/trunk-0000002f", "trunk/79160000000", set(), False),
        ("PJSIP/sip-trunk-a-0000002f", "sip-trunk-a", set(), True),
        ("PJSIP/1006-0000002f", "", set(), False),
    ],
)
def test_a_phone_is_dialled_by_name_a_trunk_by_number(
    channel: str, dial: str, contacts: set[str], by_name: bool
) -> None:
    assert dialled_by_name(device_of(channel), dial, contacts) is by_name


def test_the_device_of_a_channel() -> None:
    assert device_of("PJSIP/sip-trunk-a-0000002f") == Interface("PJSIP/sip-trunk-a")
    assert device_of("odd") == Interface("odd")
