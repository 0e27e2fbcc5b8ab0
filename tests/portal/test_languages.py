"""Which language a text is in, and what vectors of texts that are not English are worth."""

import numpy as np
import pytest

from portal.embeddings import embed
from portal.embeddings.local import get_model, run_batch
from portal.embeddings.words import project_words
from portal.languages import content_stems, guess_language

RETURNS = ("Wie kann ich die Lampe zurückschicken?", "Ich möchte die bestellte Lampe gern zurücksenden")
SAME_TURN_OF_PHRASE = "Wie kann ich die Rechnung herunterladen?"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Where is my parcel?", "en"),
        ("Wo ist mein Paket?", "de"),
        ("Où est mon colis ?", "fr"),
        ("¿Dónde está mi pedido?", "es"),
        ("PAKET 4711", "en"),  # no function word tells
        ("", "en"),
    ],
)
def test_the_function_words_tell_the_language(text, language):
    assert guess_language(text) == language


def test_greetings_and_function_words_carry_no_meaning():
    assert list(content_stems("Hallo liebes Team, wo ist denn mein Paket?", "de")) == ["pak"]


def test_german_questions_are_near_by_topic_and_not_by_turn_of_phrase():
    one, other, phrase = embed([*RETURNS, SAME_TURN_OF_PHRASE])
    assert one @ other > one @ phrase
    model = get_model()
    alone = run_batch(model, model.tokenizer.encode_batch([RETURNS[0]]))
    assert alone[0] @ one < 0.99  # the words were added


def test_english_texts_have_the_model_s_own_vectors():
    model = get_model()
    (encoding,) = model.tokenizer.encode_batch(["How can I return the lamp?"])
    assert embed(["How can I return the lamp?"])[0] == pytest.approx(run_batch(model, [encoding])[0], abs=1e-6)


def test_rows_have_length_one_even_without_a_word_that_carries_meaning():
    assert np.linalg.norm(embed(["Wo ist das denn?"])[0]) == pytest.approx(1, abs=1e-5)
    assert not project_words("wo ist das denn", "de").any()
