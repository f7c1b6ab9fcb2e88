"""Plugins: built-in ones and installed ones come by the same hooks."""

from __future__ import annotations

import sys

import pytest

from transom.plugins import hookimpl, manager


class Adds:
    def __init__(self, name: str) -> None:
        self.name = name

    @hookimpl
    def register_recognizers(self, registry: list[str]) -> None:
        registry.append(self.name)


def test_every_plugin_is_asked():
    registry: list[str] = []
    manager([Adds("a"), Adds("b")]).hook.register_recognizers(registry=registry)
    assert sorted(registry) == ["a", "b"]


def test_installed_plugins_are_found_by_their_entry_point(tmp_path, monkeypatch):
    info = tmp_path / "some_plugin-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: some-plugin\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[transom]\nsome = some_transom_plugin\n")
    (tmp_path / "some_transom_plugin.py").write_text(
        "from transom.plugins import hookimpl\n\n"
        "@hookimpl\ndef register_recognizers(registry):\n    registry.append('x')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    registry: list[str] = []
    manager([]).hook.register_recognizers(registry=registry)
    monkeypatch.delitem(sys.modules, "some_transom_plugin")
    assert registry == ["x"]


def test_a_hook_with_another_argument_is_refused():
    class Wrong:
        @hookimpl
        def register_recognizers(self, registry: object, more: object) -> None: ...

    with pytest.raises(Exception, match="more"):
        manager([Wrong()])
