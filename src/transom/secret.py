"""The main secret and the keys made from it: tags, digests, feedback tokens, credentials, sessions.

The spool has a key of its own (`transom.spool.keys`) because it protects raw content and must not share a disk with it.
"""

from __future__ import annotations

import contextlib
import hmac
import os
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(key: bytes, purpose: str, salt: bytes | None = None, length: int = 32) -> bytes:
    """A key for one purpose, by HKDF-SHA256 (RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=length, salt=salt, info=purpose.encode()).derive(key)


def mac(key: bytes, *parts: bytes) -> bytes:
    """HMAC-SHA256 over length-prefixed parts, so that no two lists of parts collide."""
    return hmac.digest(key, b"".join(len(part).to_bytes(8) + part for part in parts), "sha256")


@dataclass(frozen=True)
class Secret:
    """Holds the main secret; its repr never shows it."""

    key: bytes = field(repr=False)

    @cached_property
    def credentials(self) -> bytes:
        """Key for `key_id`: callers' credentials are compared by it, never kept."""
        return derive(self.key, "transom credentials")

    @cached_property
    def feedback_tokens(self) -> bytes:
        """Key that signs browser feedback tokens."""
        return derive(self.key, "transom feedback tokens")

    @cached_property
    def sessions(self) -> bytes:
        """Key that signs admin sessions and CSRF tokens."""
        return derive(self.key, "transom admin sessions")

    @cached_property
    def proof_token(self) -> str:
        """What the proof's own exchanges show the gateway."""
        return derive(self.key, "transom proof").hex()

    @cached_property
    def audit(self) -> bytes:
        """Key by which the audit log names whom an erasure was about."""
        return derive(self.key, "transom audit")

    @cached_property
    def erasures(self) -> bytes:
        """Key that seals whom an erasure is about, as long as it is repeated."""
        return derive(self.key, "transom erasures")

    def placeholders(self, project_id: str) -> bytes:
        """Key of a project's placeholder tags and keyed ids."""
        return derive(self.key, f"transom placeholders {project_id}")

    def messages(self, project_id: str) -> bytes:
        """Key of a project's message digests."""
        return derive(self.key, f"transom messages {project_id}")

    def sample(self, project_id: str) -> bytes:
        """Key by which those messages of a project are drawn that redaction reads again."""
        return derive(self.key, f"transom sample {project_id}")

    def credential_id(self, credential: bytes | None) -> str | None:
        """The `key_id` that stands for a caller's credential, or None if there was none."""
        if not credential:
            return None
        return "k_" + mac(self.credentials, credential)[:12].hex()


def load_secret(data: Path, configured: str | None) -> Secret:
    """The configured secret, else the one in the data folder, made at first use (mode 0600).

    Raises ValueError where the file is damaged: a new secret would break every tag and digest made so far.
    """
    if configured:
        return Secret(sha256(configured.encode()).digest())
    path = data / "secret.key"
    if not path.exists():
        create_once(path, os.urandom(32).hex().encode())
    try:
        key = bytes.fromhex(path.read_text())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise ValueError(f"{path}: damaged; put the original back, or delete it to begin with new keys")
    return Secret(key)


def create_once(path: Path, content: bytes) -> None:
    """Create `path` (mode 0600) with all of `content`, or leave the one that another process made first."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    with contextlib.suppress(FileExistsError):
        os.link(draft, path)
    draft.unlink()
