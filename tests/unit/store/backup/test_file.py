"""A backup's file: what is written is read back, and nothing else is."""

from __future__ import annotations

import io
import stat
import tarfile
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from transom.config import ConfigError
from transom.secret import Secret
from transom.store.backup.file import (
    MANIFEST,
    Manifest,
    checksum,
    extract,
    read_manifest,
    secret_id,
    silent,
    write_archive,
)

CONTENT = {"transom.db": b"a database" * 1000, "secret.key": b"00" * 32}


def manifest(**changes: Any) -> Manifest:
    plain = Manifest(
        format=1,
        transom="0.1.0",
        schema="0001",
        created_at=datetime(2025, 1, 1, tzinfo=UTC),
        database="sqlite",
        secret="file",
        secret_id="0" * 16,
        admin_token=None,
        sha256={name: sha256(content).hexdigest() for name, content in CONTENT.items()},
    )
    return msgspec.structs.replace(plain, **changes)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    members = {}
    for name, content in CONTENT.items():
        members[name] = tmp_path / name
        members[name].write_bytes(content)
    write_archive(tmp_path / "backup.tar", manifest(), members, silent)
    return tmp_path / "backup.tar"


@pytest.fixture
def drafts(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "drafts").mkdir()
    return {name: tmp_path / "drafts" / name for name in CONTENT}


def forged(path: Path, said: Manifest, *members: tuple[str, bytes, bytes]) -> Path:
    """A tar with that manifest and those members: name, content, type."""
    content = msgspec.json.encode(said)
    with tarfile.open(path, "w") as tar:
        for name, data, kind in [(MANIFEST, content, tarfile.REGTYPE), *members]:
            info = tarfile.TarInfo(name)
            info.size, info.type, info.linkname = len(data), kind, "/etc/passwd"
            tar.addfile(info, io.BytesIO(data))
    return path


def test_what_is_written_is_read_back_and_private(written: Path, drafts: dict[str, Path]):
    told: list[tuple[str, int, int]] = []
    assert read_manifest(written) == manifest()
    extract(written, manifest(), drafts, lambda *said: told.append(said))
    assert {name: path.read_bytes() for name, path in drafts.items()} == CONTENT
    assert {stat.S_IMODE(path.stat().st_mode) for path in [written, *drafts.values()]} == {0o600}
    assert told[-1][1] == sum(map(len, CONTENT.values()))


def test_a_member_that_changed_is_told(written: Path, drafts: dict[str, Path]):
    content = written.read_bytes()
    written.write_bytes(content.replace(b"a database", b"a databask", 1))
    with pytest.raises(ConfigError, match="damaged"):
        extract(written, read_manifest(written), drafts, silent)


@pytest.mark.parametrize("size", [0, 1, 511, 700, 1024, 3000, 11_900, 12_300])
def test_a_file_that_was_cut_is_told(written: Path, drafts: dict[str, Path], size: int):
    written.write_bytes(written.read_bytes()[:size])
    with pytest.raises(ConfigError, match=r"damaged|empty"):
        extract(written, read_manifest(written), drafts, silent)


def test_what_is_no_backup_is_told(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("not a backup " * 1000)
    with pytest.raises(ConfigError, match=r"notes\.txt: damaged, or no backup"):
        read_manifest(tmp_path / "notes.txt")
    with pytest.raises(ConfigError, match="No such file"):
        read_manifest(tmp_path / "nothing")
    with pytest.raises(ConfigError, match="damaged, or no backup"):
        read_manifest(forged(tmp_path / "other.tar", manifest(sha256={"transom.db": "", "../evil": ""})))


def test_a_format_of_the_future_is_refused_by_its_name(tmp_path: Path):
    path = forged(tmp_path / "new.tar", manifest(format=2))
    with pytest.raises(ConfigError, match="newer version of Transom"):
        read_manifest(path)


@pytest.mark.parametrize(
    "extra",
    [
        ("../evil", b"x", tarfile.REGTYPE),
        ("/tmp/evil", b"x", tarfile.REGTYPE),
        ("admin.token", b"x", tarfile.REGTYPE),
        ("secret.key", b"", tarfile.SYMTYPE),
        ("secret.key", b"", tarfile.LNKTYPE),
        ("secret.key", b"", tarfile.DIRTYPE),
        ("transom.db", CONTENT["transom.db"], tarfile.REGTYPE),
    ],
)
def test_no_name_and_no_link_of_the_file_is_followed(
    tmp_path: Path, drafts: dict[str, Path], extra: tuple[str, bytes, bytes]
):
    whole = ("transom.db", CONTENT["transom.db"], tarfile.REGTYPE)
    path = forged(tmp_path / "forged.tar", manifest(), whole, extra)
    with pytest.raises(ConfigError, match="damaged"):
        extract(path, read_manifest(path), drafts, silent)
    assert not (tmp_path / "evil").exists()
    assert not drafts["secret.key"].exists()


def test_an_id_tells_secrets_apart_and_gives_none_away():
    one, other = Secret(b"a" * 32), Secret(b"b" * 32)
    assert secret_id(one) == secret_id(Secret(b"a" * 32)) != secret_id(other)
    assert len(secret_id(one)) == 16


def test_a_checksum_is_sha256(tmp_path: Path):
    (tmp_path / "x").write_bytes(b"abc")
    assert checksum(tmp_path / "x") == sha256(b"abc").hexdigest()
