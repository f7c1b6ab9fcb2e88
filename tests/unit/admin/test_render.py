from __future__ import annotations

from pathlib import Path

import pytest

from transom.admin.render import STATIC, asset


@pytest.mark.parametrize("path", sorted(STATIC.iterdir()), ids=lambda path: path.name)
def test_an_asset_is_named_by_its_content(path: Path):
    address, _, digest = asset(path.name).partition("?v=")
    assert address == f"/static/{path.name}"
    assert len(digest) == 12


def test_an_asset_that_is_not_there_is_an_error():
    with pytest.raises(FileNotFoundError):
        asset("nothing.css")


def test_templates_have_no_inline_script_or_style():
    for path in (STATIC.parent / "templates").iterdir():
        text = path.read_text()
        assert "<style" not in text
        assert " style=" not in text
        assert "|safe" not in text.replace(" ", "")
        assert text.count("<script") == (path.name == "base.html")
