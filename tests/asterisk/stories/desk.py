"""Desk phones that do more than answer: hold, REFER, consult. Each is a SIPp scenario put together from steps.

A phone rings, answers, does its steps and hangs up, or ends as soon as the other side does.
"""

from itertools import count

CALL = """
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From:[$to];tag=[pid]a[call_number]
To:[$from]
Call-ID: [call_id]
Contact: <sip:agent@[local_ip]:[local_port]>
Max-Forwards: 70
"""
"""Headers of a request of ours within the call that rang."""

SDP = """Content-Type: application/sdp
Content-Length: [len]

v=0
o=agent 1 {version} IN IP4 [local_ip]
s=-
c=IN IP4 [local_ip]
t=0 0
m=audio 9 RTP/AVP 8 101
a=rtpmap:8 PCMA/8000
a=rtpmap:101 telephone-event/8000
a={mode}
"""
NO_BODY = "Content-Length: 0\n"

OK = """
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0
"""

_RINGS = """
<recv request="INVITE"><action>
  <ereg regexp=".*" search_in="hdr" header="Via:" assign_to="via"/>
  <ereg regexp=".*" search_in="hdr" header="From:" assign_to="from"/>
  <ereg regexp=".*" search_in="hdr" header="To:" assign_to="to"/>
  <ereg regexp="[0-9]+ INVITE" search_in="hdr" header="CSeq:" assign_to="cseq"/>
  <ereg regexp="&lt;sip:[^&gt;]*&gt;" search_in="hdr" header="Contact:" assign_to="contact"/>
  <ereg regexp="sip:[^&gt;]*" search_in="var" variable="contact" assign_to="target"/>
</action></recv>
"""
_ANSWER = """
SIP/2.0 {status}
Via:[$via]
From:[$from]
To:[$to];tag=[pid]a[call_number]
[last_Call-ID:]
CSeq: [$cseq]
Contact: <sip:agent@[local_ip]:[local_port]>
"""


class Steps:
    """Builds one phone's scenario; every method adds what it does next. `text()` is the scenario."""

    def __init__(self, ring_s: float = 0.1) -> None:
        self._numbers = count(1)
        self._sequence = count(2)
        self._xml = [
            _RINGS,
            _send(_ANSWER.format(status="180 Ringing") + NO_BODY, retrans=False),
            '<nop hide="true" next="ring"/>',
            '<recv request="BYE" optional="global" next="their_bye"/>',
            '<recv request="NEVER"/>',
            '<label id="ring"/>',
            _pause(ring_s),
            _send(_ANSWER.format(status="200 OK") + SDP.format(version=1, mode="sendrecv")),
            '<recv request="ACK"/>',
        ]

    def text(self) -> str:
        bye = _send(f"BYE [$target] SIP/2.0{CALL}CSeq: {next(self._sequence)} BYE\n{NO_BODY}")
        end = f'<recv response="200" timeout="8000" ontimeout="end" next="end"/><label id="their_bye"/>{_send(OK)}'
        return _scenario([*self._xml, bye, end, '<label id="end"/>'])

    def talk(self, seconds: float) -> "Steps":
        self._xml.append(_pause(seconds))
        return self

    def stay(self) -> "Steps":
        """Until the other side hangs up."""
        return self.talk(3600)

    def hold(self) -> "Steps":
        return self._reinvite("sendonly")

    def resume(self) -> "Steps":
        return self._reinvite("sendrecv")

    def refer(self, to: str) -> "Steps":
        """A blind transfer."""
        return self._refer(f"<sip:{to}@[remote_ip]:[remote_port]>")

    def consult(self, me: str, password: str, to: str, *, wait_for: str = "200") -> "Steps":
        """A second call of this phone; goes on when it rings (180) or is answered (200)."""
        self._xml += _dial(me, password, to, "second///[call_id]", wait_for)
        return self

    def refer_to_second(self, to: str) -> "Steps":
        """The client of the first call gets the place of this phone in its second one."""
        replaces = "second///[call_id]%3Bto-tag%3D[$second]%3Bfrom-tag%3D[pid]b[call_number]"
        return self._refer(f"<sip:{to}@[remote_ip]:[remote_port]?Replaces={replaces}>")

    def _refer(self, target: str) -> "Steps":
        words = (
            f"REFER [$target] SIP/2.0{CALL}CSeq: {next(self._sequence)} REFER\nRefer-To: {target}\n{NO_BODY}"
        )
        label = f"each{next(self._numbers)}"
        self._xml += [
            _send(words),
            '<recv response="202"/>',
            f'<label id="{label}"/>',
            f'<recv request="NOTIFY" optional="true" next="{label}ok"/>',
            f'<recv request="BYE" timeout="5000" ontimeout="end" next="{label}ok"/>',
            f'<label id="{label}ok"/>',
            _send(OK, retrans=False),
            f'<nop hide="true" next="{label}"/>',
        ]
        return self

    def _reinvite(self, mode: str) -> "Steps":
        number = next(self._sequence)
        invite = f"INVITE [$target] SIP/2.0{CALL}CSeq: {number} INVITE\n"
        ack = f"ACK [$target] SIP/2.0{CALL}CSeq: {number} ACK\n{NO_BODY}"
        self._xml += [
            _send(invite + SDP.format(version=number, mode=mode)),
            '<recv response="100" optional="true"/><recv response="200"/>',
            _send(ack, retrans=False),
        ]
        return self


def calling(me: str, password: str, to: str, talk_s: float) -> str:
    """The scenario of a phone that dials by itself, talks and hangs up, or is refused."""
    refusals = "".join(
        f'<recv response="{status}" optional="global" next="refused"/>'
        for status in (480, 486, 487, 503, 603)
    )
    head = _head(me, "[call_id]")
    uri = f"sip:{to}@[remote_ip]:[remote_port]"
    dial = _dial(me, password, to, "[call_id]", "200")
    body = [
        *dial[:_UNAUTHORISED],  # SIPp takes a scenario that begins with a receive for a server's
        '<nop hide="true" next="dial"/>',
        '<recv request="BYE" optional="global" next="their_bye"/>',
        refusals,
        '<recv request="NEVER"/>',
        '<label id="dial"/>',
        *dial[_UNAUTHORISED:],
        _pause(talk_s),
        _send(f"BYE [$second_target] SIP/2.0{head}To: <{uri}>;tag=[$second]\nCSeq: 3 BYE\n{NO_BODY}"),
        '<recv response="200" next="end"/>',
        '<label id="refused"/>',
        _send(f"ACK {uri} SIP/2.0{head}[last_To:]\nCSeq: 2 ACK\n{NO_BODY}", retrans=False),
        '<nop next="end"/><label id="their_bye"/>',
        _send(OK, retrans=False),
        '<label id="end"/>',
    ]
    return _scenario(body)


def _scenario(body: list[str]) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<scenario name="desk">\n'
        + "\n".join(body)
        + "\n</scenario>\n"
    )


def _head(me: str, call_id: str) -> str:
    return (
        "\nVia: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]\n"
        f"From: <sip:{me}@[remote_ip]>;tag=[pid]b[call_number]\n"
        f"Call-ID: {call_id}\nContact: <sip:{me}@[local_ip]:[local_port]>\nMax-Forwards: 70\n"
    )


_UNAUTHORISED = 4
"""Steps of `_dial` until the switch has asked for the password."""


def _dial(me: str, password: str, to: str, call_id: str, wait_for: str) -> list[str]:
    """A call of this phone with its password, until it rings (180) or is answered (200). Leaves the other side's
    tag in `second`, and where requests go in `second_target`."""
    head = _head(me, call_id)
    uri = f"sip:{to}@[remote_ip]:[remote_port]"
    invite = f"INVITE {uri} SIP/2.0{head}To: <{uri}>\n"
    sdp = SDP.format(version=1, mode="sendrecv")
    login = f"[authentication username={me} password={password}]\n"
    tag = '<ereg regexp=";tag=([^;]*)" search_in="hdr" header="To:" assign_to="whole,second"/>'
    contact = (
        '<ereg regexp="&lt;sip:[^&gt;]*&gt;" search_in="hdr" header="Contact:" assign_to="second_contact"/>'
        '<ereg regexp="sip:[^&gt;]*" search_in="var" variable="second_contact" assign_to="second_target"/>'
    )
    learn = f"<action>{tag}{contact}</action>"
    ack = f"ACK {{}} SIP/2.0{head}To: <{uri}>;tag=[$second]\nCSeq: {{}} ACK\n{NO_BODY}"
    steps = [
        _send(f"{invite}CSeq: 1 INVITE\n{sdp}"),
        '<recv response="100" optional="true"/>',
        f'<recv response="401" auth="true"><action>{tag}</action></recv>',
        _send(ack.format(uri, 1), retrans=False),
        _send(f"{invite}CSeq: 2 INVITE\n{login}{sdp}"),
        '<recv response="100" optional="true"/>',
    ]
    if wait_for == "180":
        steps.append(f'<recv response="180">{learn}</recv>')
    else:
        steps += [
            '<recv response="180" optional="true"/><recv response="183" optional="true"/>',
            f'<recv response="200">{learn}</recv>',
            _send(ack.format("[$second_target]", 2), retrans=False),
        ]
    return [
        *steps,
        '<nop><action><log message="[$whole] [$second_target] [$second_contact]"/></action></nop>',
    ]


def _pause(seconds: float) -> str:
    return f'<pause milliseconds="{max(1, round(seconds * 1000))}"/>'


def _send(words: str, *, retrans: bool = True) -> str:
    attribute = ' retrans="500"' if retrans else ""
    return f"<send{attribute}><![CDATA[\n{words.strip()}\n\n]]></send>"
