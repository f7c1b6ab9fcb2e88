"""Trains a student on what the teacher says of the corpus and on what is known better, for minutes on one thread.

    python distil.py OUT MINUTES [--from WEIGHTS.npz] [--peak RATE] [--recorded provider_traffic.jsonl]
        [--packages SITE_PACKAGES]

OUT holds what teacher.py wrote. The student starts as the teacher's layers 0, 2 and 5, or as WEIGHTS (a checkpoint, or
all of the teacher, for a student as deep as it), and learns its logits
(Hinton et al. 2015, https://arxiv.org/abs/1503.02531) and its last hidden state (Jiao et al. 2020,
https://arxiv.org/abs/1909.10351). Where the corpus knows better than the teacher (a made-up name that it missed, a
piece of code that it took), the student learns what is known. Each checkpoint is OUT/student.npz and OUT/student.onnx.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 --xla_cpu_use_onednn=true"

import jax
import jax.numpy as jnp
import numpy as np
import onnx
import optax
from corpus import Corpus
from graph import to_onnx
from network import Params, classify, embed, embeddings, trainable
from rich.console import Console
from tokenizers import Tokenizer
from weights import Weights, layers_of

KEPT_LAYERS = (0, 2, 5)
WARM_UP = 40
AVERAGED = 0.985
"""Share of the running average of the weights that a step keeps; the average is what is saved."""
SURE = 0.95
"""How much of a target comes from what is known, the rest from the teacher, where they disagree."""
PERSONAL_WEIGHT = 3.0
CHECKPOINT_SECONDS = 240
CONSOLE = Console()


def targets(logits: jax.Array, known: jax.Array) -> tuple[jax.Array, jax.Array]:
    """(probabilities to learn, whether they are the teacher's own) from its logits and what is known of each token."""
    said = jax.nn.softmax(logits)
    personal = said[..., 0] < 0.5
    wrong = jnp.where(known == 0, personal, (known > 0) & ~personal)
    told = jax.nn.one_hot(jnp.maximum(known, 0), logits.shape[-1])
    return jnp.where(wrong[..., None], SURE * told + (1 - SURE) * said, said), ~wrong


def loss(
    params: Params, state: jax.Array, mask: jax.Array, hidden: jax.Array, target: jax.Array, own: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """(loss, its divergence from the targets alone), personal tokens weighing more."""
    mine, logits = classify(params, state, mask)
    weight = mask * (1 + PERSONAL_WEIGHT * (1 - target[..., 0]))
    divergence = (target * (jnp.log(target + 1e-9) - jax.nn.log_softmax(logits))).sum(-1)
    distance = ((mine - hidden) ** 2).mean(-1) * own
    total = weight.sum()
    return (weight * (divergence + distance)).sum() / total, (weight * divergence).sum() / total


OPTIMISER = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(1.0, weight_decay=0.01))


@jax.jit
def learn(params, average, memory, table, teacher, rate, ids, mask, known):  # type: ignore[no-untyped-def]
    """One step: (params, their running average, the optimiser's memory, the divergence)."""
    state = embed(table, ids)
    hidden, logits = classify(teacher, state, mask)
    target, own = targets(logits, known)
    gradients, divergence = jax.grad(loss, has_aux=True)(params, state, mask, hidden, target, own)
    updates, memory = OPTIMISER.update(gradients, memory, params)
    params = optax.apply_updates(params, jax.tree.map(lambda u: u * rate, updates))
    average = jax.tree.map(lambda a, p: AVERAGED * a + (1 - AVERAGED) * p, average, params)
    return params, average, memory, divergence


def rate(peak: float, step: int, done: float) -> float:
    """Learning rate at a step: up to `peak` in the warm-up, then along a cosine to 2 % of it as `done`, the share of
    the time that is over, goes from 0 to 1."""
    return peak * min(1.0, (step + 1) / WARM_UP) * (0.02 + 0.49 * (1 + float(np.cos(np.pi * min(1.0, done)))))


def save(base: Weights, params: Params, out: Path) -> None:
    weights = base | {name: np.asarray(array) for name, array in params.items()}
    np.savez(out / "student.npz", **weights)
    onnx.save(to_onnx(weights), out / "student.onnx")


def train(options: argparse.Namespace, corpus: Corpus) -> None:
    weights = dict(np.load(options.out / "teacher.npz"))
    begin = dict(np.load(options.start)) if options.start else layers_of(weights, KEPT_LAYERS)
    table, teacher, params = embeddings(weights), trainable(weights), trainable(begin)
    average, memory = params, OPTIMISER.init(params)
    began = saved = time.monotonic()
    seconds, seen, smooth = options.minutes * 60, 0, 0.0
    for step, batch in enumerate(corpus.batches()):
        now = time.monotonic() - began
        params, average, memory, divergence = learn(
            params,
            average,
            memory,
            table,
            teacher,
            jnp.float32(rate(options.peak, step, now / seconds)),
            *map(jnp.asarray, batch),
        )
        seen, smooth = seen + int(batch.mask.sum()), 0.98 * smooth + 0.02 * float(divergence)
        if now >= seconds or time.monotonic() - saved > CHECKPOINT_SECONDS:
            saved = time.monotonic()
            save(begin, average, options.out)
            CONSOLE.print(f"{now:.0f} s, step {step}, {seen / 1e6:.2f} M tokens, divergence {smooth:.4f}")
        if now >= seconds:
            return


def main() -> None:
    parser = argparse.ArgumentParser(description="Trains the student.")
    parser.add_argument("out", type=Path)
    parser.add_argument("minutes", type=float)
    parser.add_argument("--from", dest="start", type=Path)
    parser.add_argument("--peak", type=float, default=4e-4, help="highest learning rate")
    parser.add_argument("--recorded", type=Path)
    parser.add_argument("--packages", action="append")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tokenizer = Tokenizer.from_file(str(options.out / "tokenizer.json"))
    labels = json.loads((options.out / "labels.json").read_text())
    train(options, Corpus(tokenizer, labels, options.recorded, options.seed, options.packages))


if __name__ == "__main__":
    main()
