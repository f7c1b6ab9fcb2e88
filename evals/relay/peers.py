"""Other gateways that can be installed here, each in a folder of its own, with what they log turned off.

How each is meant to be run: TensorZero's wheel holds its whole gateway, which `patch_openai_client` starts; LiteLLM's
proxy and Portkey's gateway are commands.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from evals.relay import processes
from evals.relay.gateways import Bench, Gateway, Missing
from evals.relay.load import Address
from evals.relay.processes import GATEWAY_CORE, Command
from tests.running import free_port

INSTALLING_S = 1800
PORTKEY = Path("node_modules", "@portkey-ai", "gateway")
PACKAGES = {"tensorzero": ("tensorzero", "openai"), "litellm": ("litellm[proxy]",), "portkey": ("@portkey-ai/gateway",)}

TENSORZERO_CONFIG = """
[gateway]
observability.enabled = false

[models.measured]
routing = ["provider"]

[models.measured.providers.provider]
type = "openai"
model_name = "gpt-4o-mini"
api_base = "http://127.0.0.1:{provider}/v1/"
api_key_location = "none"
"""
TENSORZERO_PROGRAM = """
import signal, openai, tensorzero
client = openai.OpenAI(api_key="none")
tensorzero.patch_openai_client(client, config_file="tensorzero.toml", async_setup=False)
print("listens:", client.base_url, flush=True)
signal.pause()
"""
LITELLM_CONFIG = """
model_list:
  - model_name: gpt-4o-mini
    litellm_params: {{model: openai/gpt-4o-mini, api_base: "http://127.0.0.1:{provider}/v1", api_key: none}}
"""
LITELLM_ENV = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOG": "ERROR",
    "LITELLM_DANGEROUSLY_PERMIT_WEAK_OR_UNSET_MASTER_KEY": "true",
}
"""No download at start, no log of calls, and callers need no key of its own: what is quickest."""


def install(folder: Path, name: str) -> None:
    """Install a peer unless it was before. Raises Missing where that fails."""
    place, mark = folder / name, folder / name / ".installed"
    if mark.exists():
        return
    place.mkdir(parents=True, exist_ok=True)
    if name == "portkey":
        _run(["npm", "install", "--no-audit", "--no-fund", "--prefix", place, *PACKAGES[name]])
    else:
        _run([sys.executable, "-m", "venv", place])
        _run([place / "bin" / "python", "-m", "pip", "install", "--quiet", *PACKAGES[name]])
    mark.touch()


def _run(command: Command) -> None:
    try:
        subprocess.run(command, capture_output=True, text=True, check=True, timeout=INSTALLING_S)
    except FileNotFoundError:
        raise Missing(f"{command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Missing(f"{Path(command[0]).name} took over {INSTALLING_S} s") from None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Missing(f"{Path(command[0]).name} failed: {last[:200]}") from None


@contextmanager
def tensorzero(bench: Bench, provider: int) -> Iterator[Gateway]:
    """The gateway inside TensorZero's wheel, on a port that it chooses."""
    place, log = bench.peers / "tensorzero", bench.folder / "tensorzero.log"
    (bench.folder / "tensorzero.toml").write_text(TENSORZERO_CONFIG.format(provider=provider))
    command: Command = [place / "bin" / "python", "-W", "ignore", "-c", TENSORZERO_PROGRAM]
    with processes.running(command, GATEWAY_CORE, log, lambda: _told_port(log) is not None) as process:
        model, path = "tensorzero::model_name::measured", "/openai/v1/chat/completions"
        address = Address(_told_port(log) or 0, path, model)
        yield Gateway("tensorzero", address, process.pid, _version(place, "tensorzero"))


def _told_port(log: Path) -> int | None:
    found = re.search(r"^listens: http://[^:]+:(\d+)/", log.read_text(), re.M)
    return int(found[1]) if found else None


@contextmanager
def litellm(bench: Bench, provider: int) -> Iterator[Gateway]:
    """LiteLLM's proxy with one worker, no database and no callbacks."""
    place, port = bench.peers / "litellm", free_port()
    config = bench.folder / "litellm.yaml"
    config.write_text(LITELLM_CONFIG.format(provider=provider))
    options = ("--num_workers", "1", "--host", "127.0.0.1", "--port", str(port))
    command: Command = [place / "bin" / "litellm", "--config", config, *options]
    ready, log = partial(processes.listens, port), bench.folder / "litellm.log"
    with processes.running(command, GATEWAY_CORE, log, ready, {**os.environ, **LITELLM_ENV}) as process:
        yield Gateway("litellm", Address(port), process.pid, _version(place, "litellm"))


@contextmanager
def portkey(bench: Bench, provider: int) -> Iterator[Gateway]:
    """Portkey's gateway without its console; the provider is named in headers."""
    place, port = bench.peers / "portkey" / PORTKEY, free_port()
    command: Command = ["node", place / "build" / "start-server.js", f"--port={port}", "--headless"]
    ready, log = partial(processes.listens, port), bench.folder / "portkey.log"
    headers = ("x-portkey-provider: openai", f"x-portkey-custom-host: http://127.0.0.1:{provider}/v1")
    found = re.search(r'"version": "([^"]+)"', (place / "package.json").read_text())
    with processes.running(command, GATEWAY_CORE, log, ready) as process:
        yield Gateway("portkey", Address(port, headers=headers), process.pid, found[1] if found else "unknown")


def _version(place: Path, package: str) -> str:
    code = f"from importlib.metadata import version; print(version({package!r}))"
    told = subprocess.run([place / "bin" / "python", "-c", code], capture_output=True, text=True, check=True)
    return told.stdout.strip()
