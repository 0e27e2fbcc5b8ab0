"""Which conversations people are asked to label: by chance, and apart from them those that teach most. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import md5
from itertools import zip_longest

from analytics.models import TargetReason


def draw_key(seed: str, conversation_id: int) -> str:
    """A conversation's place in the draw. PostgreSQL's md5 gives the same, so that it can draw from millions.

    It knows nothing but the id. The sample is at any moment those with the smallest keys, so each conversation had
    the same chance, whatever its score, channel or rating, and drawing again or later changes nothing of that.
    """
    return md5(f"{seed}:{conversation_id}".encode(), usedforsecurity=False).hexdigest()


def draw(conversation_ids: Iterable[int], seed: str, n: int) -> list[int]:
    return sorted(conversation_ids, key=lambda one: draw_key(seed, one))[:n]


def wants_two(seed: str, conversation_id: int, share: float) -> bool:
    """Whether two people label it, in `share` of the conversations, independent of the draw itself."""
    return int(draw_key(f"{seed}:two", conversation_id)[:12], 16) / 16**12 < share


def pick_targeted(found: Mapping[TargetReason, Sequence[int]], n: int) -> list[tuple[int, TargetReason]]:
    """One of each reason in turn, each conversation once, with the first reason that it came up with."""
    picked: dict[int, TargetReason] = {}
    for row in zip_longest(*found.values()):
        for reason, conversation_id in zip(found, row, strict=True):
            if conversation_id is not None:
                picked.setdefault(conversation_id, reason)
    return list(picked.items())[:n]
