"""What is remembered of a merchant's gaps, for the next refresh: members, merges, pins, and what people decided."""

import numpy as np

from improvement.gap_assigning import Memory, Remembered
from improvement.gap_joining import NO_GAP
from improvement.models import Gap, QuestionPin
from improvement.search import to_array
from improvement.stream import Stream
from portal.embeddings import model_name
from portal.models import Merchant


def recall(merchant: Merchant, stream: Stream) -> Memory:
    gaps = list(Gap.objects.for_merchant(merchant).order_by("pk"))
    targets = {gap.merged_into_id for gap in gaps}
    rows = QuestionPin.objects.for_merchant(merchant).values_list("question_id", "gap_id", "belongs")
    row_of = {one.question_id: row for row, one in enumerate(stream.asked)}
    pinned_gaps = {gap_id for _question, gap_id, _belongs in rows}
    pins = [(row_of[question], gap_id, belongs) for question, gap_id, belongs in rows if question in row_of]
    member_of = [one.gap_id or NO_GAP for one in stream.asked]
    return Memory(
        gaps=[remember(gap, is_touched=gap.pk in targets or gap.pk in pinned_gaps) for gap in gaps],
        member_of=np.array(member_of, dtype=np.int64),
        refused=[(row, gap_id) for row, gap_id, belongs in pins if not belongs],
        pinned={row: gap_id for row, gap_id, belongs in pins if belongs},
    )


def remember(gap: Gap, *, is_touched: bool) -> Remembered:
    is_of_this_model = gap.embedding_model == model_name()
    return Remembered(
        gap_id=gap.pk,
        belongs_to=gap.merged_into_id or gap.pk,
        is_settled=is_touched or gap.is_renamed or not gap.is_open,
        keeps_covered=not gap.is_open,
        centre=to_array([gap.centroid])[0] if is_of_this_model else None,
        spread=gap.spread if is_of_this_model else None,
    )
