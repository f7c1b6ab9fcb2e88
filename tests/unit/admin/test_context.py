from __future__ import annotations

from fastapi import FastAPI

from tests.unit.admin.conftest import TOKEN


def test_the_parts_of_the_process_show_no_secret(app: FastAPI):
    assert TOKEN not in repr(app.state.admin)
    assert app.state.admin.notice == "Answers come from the demo provider."
