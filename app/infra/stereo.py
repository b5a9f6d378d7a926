"""The switch's raw stereo -> a WAV file anybody can play.

Asterisk (MixMonitor with option D) writes pairs of signed 16-bit little-endian samples, 8,000 a second: what the leg said,
what it heard. A listener expects the client on the left, so on an agent's leg the two change places.
"""

import os
from array import array
from collections.abc import Iterator
from hashlib import sha256
from itertools import chain
from pathlib import Path
from struct import pack
from typing import BinaryIO, NamedTuple

RATE = 8000
FRAME = 4
"""Bytes of one moment: two samples."""

HEADER = 44
_LARGEST = 0xFFFFFFFF - HEADER
_CHUNK = 1 << 20


class Sound(NamedTuple):
    """`size` of the WAV file in bytes, `sha256` of all of it."""

    length_s: float
    size: int
    sha256: bytes


def write_wav(raw: Path, wav: Path, *, agents_leg: bool = True) -> Sound:
    """Writes `wav` anew, only its owner may read it, and lets the disk confirm it. Blocks; raises OSError.

    A last half pair (the switch was killed while it wrote) is left out; so is what a WAV file cannot hold (37 hours).
    """
    descriptor = os.open(wav, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    digest = sha256()
    with raw.open("rb") as source, os.fdopen(descriptor, "wb") as target:
        length = min(os.fstat(source.fileno()).st_size, _LARGEST) // FRAME * FRAME
        for part in chain([header(length)], _samples(source, length, agents_leg)):
            digest.update(part)
            target.write(part)
        target.flush()
        os.fsync(target.fileno())
    return Sound(length / FRAME / RATE, HEADER + length, digest.digest())


def header(length: int) -> bytes:
    """RIFF header of so many bytes of stereo PCM (Microsoft's WAVEFORMAT, 44 bytes)."""
    return pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", HEADER - 8 + length, b"WAVE", b"fmt ", 16),
        *(1, 2, RATE, RATE * FRAME, FRAME, 16, b"data", length),
    )


def _samples(source: BinaryIO, length: int, swapped: bool) -> Iterator[bytes]:
    left = length
    while left > 0:
        samples = array("h", _whole(source, min(_CHUNK, left)))
        left -= len(samples) * 2
        if swapped:
            samples[0::2], samples[1::2] = samples[1::2], samples[0::2]
        yield samples.tobytes()


def _whole(source: BinaryIO, size: int) -> bytes:
    data = source.read(size)
    if len(data) != size:
        raise OSError(f"{source.name} became shorter while it was read")
    return data
