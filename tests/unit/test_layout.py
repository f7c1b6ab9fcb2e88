"""House rules that a machine can check."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "transom"
FORBIDDEN = {
    "a path of some machine": re.compile(r"/(?:work|farm|home|root)/[a-z]"),
    "the host of a package registry": re.compile(r"(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com)"),
    "something like a real key": re.compile(r"sk-[A-Za-z0-9]{24,}"),
    "unfinished work": re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b"),
}
TESTED_THROUGH_OTHERS = {
    "__main__.py": "acceptance tests",
    "demo/__main__.py": "acceptance tests",
    "gateway/app.py": "test_relay",
    "gateway/recording.py": "test_relay",
    "gateway/feedback.py": "test_relay",
    "gateway/errors.py": "test_relay",
    "gateway/server.py": "acceptance tests",
    "spool/writer.py": "test_writer_reader",
    "spool/reader.py": "test_writer_reader",
    "spool/counts.py": "test_writer_reader",
    "record/run.py": "acceptance tests",
}


def product_files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()]


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_product_file_holds(what: str):
    found = []
    for path in product_files():
        if path == Path(__file__) or path.suffix in {".png", ".woff2"}:
            continue
        text = path.read_text(errors="replace")
        found += [f"{path.relative_to(ROOT)}: {m.group()}" for m in FORBIDDEN[what].finditer(text)]
    assert found == []


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_pin_by_hash_and_name_no_host(name: str):
    text = (ROOT / name).read_text()
    entries = [e for e in re.split(r"\n(?=\S)", text.strip()) if not e.startswith("#")]
    assert len(entries) > 100
    assert all(re.match(r"[a-z0-9][a-z0-9._-]*(\[[a-z,]+\])?==\S+", e) and "--hash=sha256:" in e for e in entries)
    assert "://" not in text


def test_every_module_has_a_test_of_its_own():
    missing = []
    for path in SOURCE.rglob("*.py"):
        name = path.relative_to(SOURCE)
        if path.name == "__init__.py" or "migrations" in name.parts or str(name) in TESTED_THROUGH_OTHERS:
            continue
        if not (ROOT / "tests" / "unit" / name.parent / f"test_{name.name}").exists():
            missing.append(str(name))
    assert missing == []


def test_the_image_runs_as_nobody_special_and_carries_no_secret():
    text = (ROOT / "Dockerfile").read_text()
    instructions = [line.split(maxsplit=1)[0] for line in text.splitlines() if line and line[0].isupper()]
    assert "HEALTHCHECK" in instructions
    assert re.search(r"^USER (?!root|0)\w+", text, re.M)
    assert 'VOLUME ["/data", "/spool"]' in text
    assert "--require-hashes" in text
    settings = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert not re.search(r"(?:KEY|TOKEN|PASSWORD)", settings)
