"""Messages with several requests: each is judged on its own, and the least covered one speaks for the message."""

from dataclasses import dataclass, replace

import numpy as np

from improvement.coverage_features import Questions
from improvement.coverage_model import Judgement
from improvement.models import QuestionRequest
from improvement.neighbours import Indexes
from improvement.search import to_array
from improvement.stream import Stream
from portal.models import Merchant


@dataclass(frozen=True, slots=True)
class Laid:
    """Every request of the stream. `owner`: the row of its message; `request`: its id, 0 where it is the message."""

    questions: Questions
    owner: Indexes
    request: Indexes


def lay_out(merchant: Merchant, stream: Stream) -> Laid:
    places = {one.question_id: row for row, one in enumerate(stream.asked)}
    stored = QuestionRequest.objects.for_merchant(merchant).values_list("question_id", "pk", "text", "embedding")
    parts = [row for row in stored if row[0] in places]
    divided = {places[row[0]] for row in parts}
    whole = np.array([row for row in range(len(stream.asked)) if row not in divided], dtype=np.intp)
    if not parts:
        return Laid(Questions([one.text for one in stream.asked], stream.vectors), whole, np.zeros_like(whole))
    return Laid(
        Questions(
            [*(stream.asked[row].text for row in whole.tolist()), *(row[2] for row in parts)],
            np.concatenate([stream.vectors[whole], to_array([row[3] for row in parts])]),
        ),
        np.concatenate([whole, np.array([places[row[0]] for row in parts], dtype=np.intp)]),
        np.concatenate([np.zeros_like(whole), np.array([row[1] for row in parts], dtype=np.intp)]),
    )


def speak_for(laid: Laid, judgement: Judgement) -> Indexes:
    """Per message the row of its least covered request: it is covered when all of its requests are."""
    order = np.lexsort((judgement.probability, laid.owner))
    _owners, first = np.unique(laid.owner[order], return_index=True)
    return order[first]


def fold(judgement: Judgement, rows: Indexes) -> Judgement:
    return replace(
        judgement,
        probability=judgement.probability[rows],
        passage=judgement.passage[rows],
        similarity=judgement.similarity[rows],
        own=judgement.own[rows],
        reasons=judgement.reasons[rows],
    )
