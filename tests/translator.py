"""Starts the translator as its supervisor does, with all its providers at one address, and reads its answers."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.providers.wire_cases import WIRES
from tests.running import environment
from transom.config import Settings
from transom.translate.place import translator_socket

FIRST_BYTE_S = 2


@dataclass
class Running:
    """The translator under test."""

    process: subprocess.Popen[bytes]
    settings: Settings
    log: Path

    def client(self) -> httpx.Client:
        transport = httpx.HTTPTransport(uds=str(translator_socket(self.settings)))
        return httpx.Client(transport=transport, base_url="http://translator", timeout=30)

    def is_up(self) -> bool:
        if self.process.poll() is not None:
            raise RuntimeError(self.log.read_text()[-3000:])
        if not translator_socket(self.settings).exists():
            return False
        with self.client() as client:
            return client.get("/").status_code == 404


def service_account(base_url: str) -> str:
    """Credentials in Google's format whose tokens come from our provider."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {"type": "service_account", "project_id": "a-project", "private_key_id": "1", "private_key": pem}
    return json.dumps(account | {"client_email": "us@a-project.example", "token_uri": f"{base_url}/token"})


def start(folder: Path, base_url: str) -> Running:
    """A translator whose providers are all at `base_url`."""
    folder.mkdir(parents=True, exist_ok=True)
    account = folder / "account.json"
    account.write_text(service_account(base_url))
    env = environment(
        TRANSOM_DATA=str(folder),
        TRANSOM_LIMITS__FIRST_BYTE_S=str(FIRST_BYTE_S),
        GOOGLE_APPLICATION_CREDENTIALS=str(account),
        GOOGLE_CLOUD_LOCATION="europe-west4",
        AWS_ACCESS_KEY_ID="an-access-key",
        AWS_SECRET_ACCESS_KEY="a-secret",
        AWS_REGION="eu-west-1",
        GEMINI_API_KEY="a-key-that-nobody-lent",
        OLLAMA_API_KEY="a-key-that-nobody-lent",
    )
    for name in WIRES:
        env[f"TRANSOM_PROVIDERS__{name.upper()}__BASE_URL"] = base_url
        env[f"TRANSOM_PROVIDERS__{name.upper()}__SPEAKS"] = name
    env["TRANSOM_PROVIDERS__NOBODY__BASE_URL"] = "http://127.0.0.1:9"
    env["TRANSOM_PROVIDERS__NOBODY__SPEAKS"] = "anthropic"
    log = folder / "stderr.log"
    with log.open("ab") as stderr:
        process = subprocess.Popen([sys.executable, "-m", "transom", "translator"], env=env, stderr=stderr)
    return Running(process, Settings(data=folder), log)


def chunks(text: str) -> list[dict[str, Any]]:
    """The events of a stream, which must have its end."""
    *parts, end = [part for part in text.split("\n\n") if part]
    assert end == "data: [DONE]"
    return [json.loads(part.removeprefix("data: ")) for part in parts]


def assembled_calls(found: list[dict[str, Any]]) -> list[tuple[str, Any]]:
    """Tool calls put together as OpenAI's clients do: by their index."""
    calls: dict[int, list[str]] = {}
    for chunk in found:
        for choice in chunk["choices"]:
            for call in choice["delta"].get("tool_calls", []):
                whole_call = calls.setdefault(call["index"], ["", ""])
                whole_call[0] += call["function"].get("name") or ""
                whole_call[1] += call["function"].get("arguments") or ""
    return [(called, json.loads(arguments)) for _, (called, arguments) in sorted(calls.items())]


def counts(usage: dict[str, Any]) -> tuple[int, int, int]:
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    read = usage.get("prompt_tokens_details", {}).get("cached_tokens", 0)
    return usage["prompt_tokens"], usage["completion_tokens"], read


def holds(found: Any, wanted: Any) -> bool:
    """Whether a value is somewhere inside another."""
    if found == wanted:
        return True
    if isinstance(found, dict):
        return any(holds(value, wanted) for value in found.values())
    return isinstance(found, list) and any(holds(value, wanted) for value in found)
