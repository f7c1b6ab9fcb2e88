"""House rules that a machine can check."""

from __future__ import annotations

import re
import subprocess
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "transom"
FORBIDDEN = {
    "a path of some machine": re.compile(r"/(?:work|farm|home|root)/[a-z]"),
    "the host of a package registry": re.compile(r"(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)"),
    "something like a real key": re.compile(r"sk-[A-Za-z0-9]{24,}"),
    "unfinished work": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
}
PIN = re.compile(r"(?P<name>[a-z0-9][a-z0-9._-]*)==(?P<version>[^ ]+)(?: ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}(?: \\)?")
TESTED_THROUGH_OTHERS = {
    "__main__.py": "acceptance tests",
    "cli/app.py": "acceptance tests",
    "cli/processes.py": "acceptance tests",
    "cli/start.py": "acceptance tests",
    "cli/stored.py": "acceptance tests",
    "cli/trying.py": "acceptance tests",
    "asgi.py": "acceptance tests",
    "demo/__main__.py": "acceptance tests",
    "gateway/app.py": "test_relay",
    "gateway/call.py": "test_relay",
    "gateway/observation.py": "test_relay",
    "gateway/downstream/request.py": "test_connection",
    "gateway/recording.py": "test_relay",
    "gateway/feedback.py": "test_relay",
    "gateway/errors.py": "test_relay",
    "gateway/server.py": "acceptance tests",
    "spool/writer.py": "test_writer_reader",
    "spool/reader.py": "test_writer_reader",
    "spool/disk.py": "test_writer_reader",
    "spool/counts.py": "test_writer_reader",
    "prove/__main__.py": "test_apart",
    "prove/pages.py": "acceptance tests",
    "record/run.py": "acceptance tests",
    "record/follower.py": "test_recorder",
    "record/stages.py": "test_recorder",
    "record/status.py": "test_serve",
    "capture/exchange.py": "test_relay",
    "redact/model.py": "test_finder",
    "capture/assemble/message.py": "test_chat",
    "capture/assemble/models.py": "test_recorded_assembly",
    "capture/assemble/reply.py": "test_chat",
    "capture/assemble/values.py": "test_assembly",
    "capture/assemble/wire.py": "test_assembly",
    "store/completeness.py": "test_positions",
    "store/dialect.py": "test_write",
    "store/rollups.py": "test_stats",
    "store/rows.py": "test_write",
}


def product_files() -> list[Path]:
    """Every file of the checkout that git keeps or would keep."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_product_file_holds(what: str):
    found = []
    for path in product_files():
        if path == Path(__file__) or path.suffix in {".png", ".woff2", ".onnx"}:
            continue
        text = path.read_text(errors="replace")
        found += [f"{path.relative_to(ROOT)}: {m.group()}" for m in FORBIDDEN[what].finditer(text)]
    assert found == []


def pins(name: str) -> set[tuple[str, Version]]:
    """Name and version of every entry of a lock file."""
    lines = (ROOT / name).read_text().splitlines()
    return {(pin["name"], Version(pin["version"])) for line in lines if (pin := PIN.match(line))}


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_pin_releases_by_hash_and_name_no_host(name: str):
    lines = (ROOT / name).read_text().splitlines()
    assert [line for line in lines if not PIN.fullmatch(line) and not HASH.fullmatch(line)] == []
    assert [pin for pin, after in pairwise(lines) if PIN.match(pin) and not HASH.match(after)] == []
    assert [one for one, version in pins(name) if version.is_prerelease] == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_hold_what_the_project_asks_for(name: str):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = project["project"]["dependencies"] + groups["build"] + (groups["dev"] if "dev" in name else [])
    for requirement in (Requirement(one) for one in wanted if isinstance(one, str)):
        versions = [version for one, version in pins(name) if one == canonicalize_name(requirement.name)]
        assert versions, requirement
        assert all(version in requirement.specifier for version in versions), requirement


def test_the_locks_agree():
    assert pins("requirements.lock") < pins("requirements-dev.lock")


def test_every_module_has_a_test_of_its_own():
    missing = []
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE)
        if path.name == "__init__.py" or "migrations" in name.parts or str(name) in TESTED_THROUGH_OTHERS:
            continue
        if not (ROOT / "tests" / "unit" / name.parent / f"test_{name.name}").exists():
            missing.append(str(name))
    assert missing == []
    assert [name for name in TESTED_THROUGH_OTHERS if not (SOURCE / name).exists()] == []


def test_the_image_is_given_all_that_it_copies():
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copies = re.findall(r"^COPY (?!--)(.+) \S+$", (ROOT / "Dockerfile").read_text(), re.M)
    copied = {name.removeprefix("./") for sources in copies for name in sources.split()}
    assert {"pyproject.toml", "src"} <= copied <= let_in
    assert all((ROOT / name).exists() for name in let_in)


def test_the_image_runs_as_nobody_special_and_carries_no_secret():
    text = (ROOT / "Dockerfile").read_text()
    instructions = [line.split(maxsplit=1)[0] for line in text.splitlines() if line and line[0].isupper()]
    assert "HEALTHCHECK" in instructions
    assert re.search(r"^USER (?!root|0)\w+", text, re.M)
    assert 'VOLUME ["/data", "/spool"]' in text
    assert "EXPOSE 4000 4001" in text
    assert {"TRANSOM_DATA=/data", "TRANSOM_SPOOL__DIR=/spool"} <= set(re.findall(r"TRANSOM_\w+=\S+", text))
    assert len(re.findall(r"pip install", text)) == len(re.findall(r"pip install .*--no-deps", text))
    assert "--require-hashes" in text
    settings = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert not re.search(r"(?:KEY|TOKEN|PASSWORD)", settings)
