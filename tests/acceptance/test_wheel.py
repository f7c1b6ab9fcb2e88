"""The wheel alone is enough: everything is in it, and it serves from an empty folder.

By default its dependencies are those of this environment. With TRANSOM_FULL_INSTALL=1 pip fetches them all.
"""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.running import TOKEN, Running, free_port, until

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def environment(wheel: Path) -> Iterator[Path]:
    """An environment of its own with the wheel in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run(sys.executable, "-m", "venv", "--without-pip", folder)
        pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet"]
        if os.environ.get("TRANSOM_FULL_INSTALL"):
            run(*pip, wheel)
        else:
            run(*pip, "--no-deps", "--no-index", wheel)
            (site_packages,) = folder.glob("lib/*/site-packages")
            (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
        yield folder


def run(*command: str | Path, **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def clean(tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """An empty folder to work in, and an environment whose home is another one."""
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    return tmp_path / "work", {"HOME": str(tmp_path / "home"), "PATH": os.defpath, "TRANSOM_ADMIN_TOKEN": TOKEN}


def test_everything_is_in_it(wheel: Path):
    names = set(zipfile.ZipFile(wheel).namelist())
    source = ROOT / "src"
    files = [path for path in source.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    expected = {str(path.relative_to(source)) for path in files}
    expected |= {f"transom/defaults/{name}" for name in ("transom.yaml", "prices.json", "redaction.yaml")}
    assert {name for name in names if ".dist-info/" not in name} == expected
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_what_runs_is_the_wheel(environment: Path, clean: tuple[Path, dict[str, str]]):
    folder, env = clean
    code = "import transom, transom.config as c; print(transom.__file__, c.shipped('prices.json'))"
    module, prices = (Path(p) for p in run(environment / "bin" / "python", "-c", code, cwd=folder, env=env).split())
    assert module.is_relative_to(environment)
    assert prices == module.parent / "defaults" / "prices.json"


def test_it_serves_from_an_empty_folder(environment: Path, clean: tuple[Path, dict[str, str]]):
    folder, env = clean
    port, admin_port = free_port(), free_port()
    command = [environment / "bin" / "transom", "serve", "--port", str(port), "--admin-port", str(admin_port)]
    log = folder.parent / "stderr.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=stderr, stderr=stderr)
    server = Running(process, folder / "transom-data", log, port, admin_port)
    try:
        until(lambda: httpx.get(f"{server.base_url}/health/ready").status_code == 200)
        trace_id = server.chat("Where is my order?").headers["x-transom-trace-id"]
        trace = server.wait_for_trace(trace_id)
    finally:
        code = server.stop()
    assert (trace["outcome"], trace["ended"], trace["provider"]) == ("stored", "complete", "demo")
    assert trace["output_messages"]
    assert code == 0, log.read_text()
    assert [path.name for path in folder.iterdir()] == ["transom-data"]
    assert list(Path(env["HOME"]).iterdir()) == []
