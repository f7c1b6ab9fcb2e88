"""Whose traffic a question is about."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement

from transom.types import OWN_PROJECT


def of_project(column: ColumnElement[Any], project_id: str | None) -> ColumnElement[bool]:
    """That a row is of this project; without one, of any but Transom's own."""
    return column != OWN_PROJECT if project_id is None else column == project_id
