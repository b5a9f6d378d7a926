"""Calls that can be heard: each side sends a tone of its own, so that a recording tells who is in it and when."""

import array
import math
import wave
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from app.infra.sipp import FOREVER_S, Caller, Phones, Placed, Sipp, _caller_line
from app.infra.sipp_run import SCENARIOS

RATE = 8000
CLIENT_HZ = 440
LOUD = 8000
HEARD = 1000
"""Least amplitude of a tone that is there; what crosses from the other side stays below 10."""

_PLAY = '  <nop><action><exec rtp_stream="{file},-1,8,PCMA/8000"/></action></nop>\n'
_TALKS = '  <pause variable="talk"/>\n'


def a_law(sample: int) -> int:
    """ITU-T G.711, of a 16-bit sample."""
    sign = 0x80 if sample >= 0 else 0
    level = (sample if sample >= 0 else -sample - 1) >> 4
    segment = 0
    if level >= 32:
        segment = level.bit_length() - 5
        level >>= segment - 1
    return ((segment << 4 | level >> 1 & 0xF) | sign) ^ 0x55


def tone(folder: Path, hz: int) -> Path:
    """A second of it, to be played again and again: `hz` whole periods have no seam."""
    path = folder / f"{hz}.alaw"
    if not path.exists():
        path.write_bytes(bytes(a_law(round(LOUD * math.sin(math.tau * hz * i / RATE))) for i in range(RATE)))
    return path


def sounding(sipp: Sipp, scenario: str, folder: Path, hz: int) -> Path:
    """One of our scenarios, with a tone while it talks. SIPp reads the tone where it may: with the switch."""
    text = (SCENARIOS / f"{scenario}.xml").read_text()
    text = text.replace("m=audio 9 ", "m=audio [rtpstream_audio_port] ")
    assert text.count(_TALKS) == 1
    path = folder / f"{scenario}_{hz}.xml"
    path.write_text(text.replace(_TALKS, _PLAY.format(file=tone(sipp.pbx.run_dir, hz)) + _TALKS))
    return path


async def phone(sipp: Sipp, folder: Path, extension: str, hz: int, talk_s: float = FOREVER_S) -> Phones:
    """An agent's phone that answers after 0.1 s and sounds."""
    line = f"100;{round(talk_s * 1000)};"
    return await sipp.sign_in([extension], sounding(sipp, "agent", folder, hz), [line], {})


async def call(sipp: Sipp, folder: Path, caller: Caller) -> Placed:
    scenario = sounding(sipp, "caller", folder, CLIENT_HZ)
    run = await sipp.start(
        scenario, sipp.pbx.trunk_address, [_caller_line(caller, sipp.pbx.host)], ("-m", "1")
    )
    return Placed(run, [caller])


class Heard(NamedTuple):
    """Amplitudes within one stretch. `loudest` of all samples; `client`, `agent`: of their tones, left and right."""

    loudest: int
    client: float
    agent: float
    crossed: float


class Recorded:
    """A stereo WAV of a client (left) and an agent of that tone (right)."""

    def __init__(self, file: bytes, path: Path, agent_hz: int) -> None:
        path.write_bytes(file)
        with wave.open(str(path)) as sound:
            assert (sound.getnchannels(), sound.getsampwidth(), sound.getframerate()) == (2, 2, RATE)
            samples = array.array("h", sound.readframes(sound.getnframes()))
        self._left, self._right = samples[0::2], samples[1::2]
        self._agent_hz = agent_hz
        self.length_s = len(self._left) / RATE

    def silence(self) -> tuple[float, float]:
        """The longest time in which nobody is heard, to a hundredth of a second."""
        step, longest, begin = RATE // 100, (0, 0), 0
        for at in range(0, len(self._left), step):
            if any(self._left[at : at + step]) or any(self._right[at : at + step]):
                begin = at + step
            elif at + step - begin > longest[1] - longest[0]:
                longest = begin, at + step
        return longest[0] / RATE, longest[1] / RATE

    def between(self, from_s: float, to_s: float) -> Heard:
        left, right = (side[round(from_s * RATE) : round(to_s * RATE)] for side in (self._left, self._right))
        return Heard(
            loudest=max((abs(one) for one in (*left, *right)), default=0),
            client=_amplitude(left, CLIENT_HZ),
            agent=_amplitude(right, self._agent_hz),
            crossed=max(_amplitude(left, self._agent_hz), _amplitude(right, CLIENT_HZ)),
        )

    def stretches(self, from_s: float, to_s: float, step_s: float = 0.1) -> Iterator[Heard]:
        """Every tenth of a second of it."""
        for number in range(int((to_s - from_s) / step_s)):
            begin = from_s + number * step_s
            yield self.between(begin, begin + step_s)


def _amplitude(samples: "array.array[int]", hz: int) -> float:
    """Of one tone (one term of the discrete Fourier transform)."""
    turn = math.tau * hz / RATE
    sine = sum(one * math.sin(turn * i) for i, one in enumerate(samples))
    cosine = sum(one * math.cos(turn * i) for i, one in enumerate(samples))
    return 2 * math.hypot(sine, cosine) / max(1, len(samples))
