"""How far a tick has come, as every engine keeps it."""

from __future__ import annotations

import msgspec

from application.ports.work_queue import NOTHING_YET, Progress

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Progress)


def encode_progress(progress: Progress) -> bytes:
    """Return it as JSON; no bytes for a tick that has come nowhere yet."""
    return b"" if progress == NOTHING_YET else _encoder.encode(progress)


def decode_progress(content: bytes) -> Progress:
    """Return what ``encode_progress`` was given; fields of a later version are left out.

    What cannot be read counts as nothing: a tick that is tried a few times more is better than one that
    holds up the inbox.
    """
    try:
        return _decoder.decode(content) if content else NOTHING_YET
    except msgspec.MsgspecError:
        return NOTHING_YET


def tries(progress: Progress, leases: int) -> int:
    """How often a tick was tried, by what an operator takes for a try.

    Args:
        progress: What its last pause was given.
        leases: Since then, the present one included.
    """
    return progress.failures + progress.looks + leases
