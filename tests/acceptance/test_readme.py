"""Every command block of the README works as it stands, against a server started by `transom serve`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import Running, running

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(sh|python|js)\n(.*?)^```", re.S | re.M)

pytestmark = pytest.mark.slow


def blocks(name: str) -> list[tuple[str, str]]:
    return BLOCK.findall((ROOT / name).read_text())


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Running:
    with running(tmp_path_factory.mktemp("readme")) as it:
        yield it


def environment(server: Running) -> dict[str, str]:
    key = "demo"
    own = {name: value for name, value in os.environ.items() if not name.startswith("TRANSOM_")}
    ours = {"TRANSOM_DATA": str(server.data), "TRANSOM_ADMIN_TOKEN": server.token}
    ports = {"TRANSOM_PORT": str(server.port), "TRANSOM_ADMIN_PORT": str(server.admin_port)}
    return own | ours | ports | {"OPENAI_API_KEY": key, "ANTHROPIC_API_KEY": key, "HOME": str(server.data.parent)}


def here(code: str, server: Running) -> str:
    return code.replace("127.0.0.1:4000", f"127.0.0.1:{server.port}")


def output(command: list[str], server: Running, cwd: Path) -> str:
    done = subprocess.run(command, env=environment(server), cwd=cwd, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


@pytest.mark.parametrize("code", [code for lang, code in blocks("README.md") if lang == "python"])
def test_python_blocks_run_and_print_something(server: Running, tmp_path: Path, code: str):
    said = output([sys.executable, "-c", here(code, server)], server, tmp_path)
    assert said.strip()
    if "feedback" in code:
        assert said.startswith("202 ")


@pytest.mark.parametrize("code", [code for lang, code in blocks("README.md") if lang == "sh" and "make" not in code])
def test_shell_blocks_run(server: Running, code: str):
    code = here(code, server).replace(".venv/bin/transom", f"{sys.executable} -m transom")
    if " demo " in code:
        code = code.strip() + f" --base-url http://127.0.0.1:{server.port}\n"
    assert output(["bash", "-euc", code], server, ROOT).strip() or "demo" in code


def test_the_vercel_block_runs(server: Running, tmp_path: Path):
    (code,) = [code for lang, code in blocks("README.md") if lang == "js"]
    (tmp_path / "package.json").write_text('{"type": "module", "private": true}')
    (tmp_path / "sample.js").write_text(here(code, server))
    packages = ["npm", "install", "--silent", "--no-audit", "--no-fund", "ai@5", "@ai-sdk/openai@2"]
    subprocess.run(packages, cwd=tmp_path, check=True, capture_output=True, timeout=300)
    assert output(["node", "sample.js"], server, tmp_path).strip()


def test_the_two_commands_are_targets_and_the_second_is_what_ci_runs():
    commands = [code.split("make ")[1].strip() for lang, code in blocks("README.md") if lang == "sh" and "make" in code]
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M)
    assert set(commands) == {"run", "test"} <= set(targets)
    assert "make test" in (ROOT / ".ci" / "run").read_text()


def test_the_bengali_readme_has_the_same_commands():
    assert blocks("README.bn.md") == blocks("README.md")
