"""The model's files are those that came with this release."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from transom.redact.problems import ModelMismatch

FOLDER = Path(__file__).parent
SHIPPED = ("small", "large")
"""What a profile's `model` may name: three layers of the network, or six."""

DIGESTS = {
    "small.onnx": "dfff830141d7a63a9190f55495a9937466a78fdfa2a64ebca8872f9d529ff2ea",
    "large.onnx": "73dad0f658f883e6ae64f2165b8f7a732e833b82ce3328644e5d793a7f7f16d4",
    "tokenizer.json": "1fb6873556853f0f3628f697c06e66c4a58500e0d7a7aea73efa66151f80fbee",
    "labels.json": "9f1d0f81078dbae45b04350b1dee3c7e2bb2dcfa88ed3ca34d6c51a1eff540e8",
}
"""SHA-256 of each file. evals/redaction/MODEL_CARD.md says how the files were made."""


def vetted(name: str) -> bytes:
    """What one of the model's files holds. Raises ModelMismatch if it isn't there or isn't what it should be."""
    path = FOLDER / name
    content = path.read_bytes() if path.is_file() else b""
    if sha256(content).hexdigest() != DIGESTS[name]:
        raise ModelMismatch(f"{path} is not the file of this release; install transom again, or use the profile `fast`")
    return content


def check(model: str) -> None:
    """Raise ModelMismatch if a file that a model needs isn't there or isn't what it should be."""
    for name in (f"{model}.onnx", "tokenizer.json", "labels.json"):
        vetted(name)
