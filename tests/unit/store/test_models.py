from __future__ import annotations

from sqlalchemy import PrimaryKeyConstraint, UniqueConstraint
from sqlmodel import SQLModel

from transom.store import models, residual_models

OWNER = {"project_id", "key_id"}
WITHOUT_OWNER = {models.PROJECT.name, models.SPOOL_POSITION.name, models.WRITER_DAY.name}
MINTED = {
    "trace": ("id",),
    "message": ("id",),
    "feedback": ("number",),
    "job": ("id",),
    "chain": ("number",),
    "audit": ("number",),
    "proof": ("number",),
    "rule": ("number",),
    "residual_sample": ("number",),
    "residual_miss": ("number",),
}
"""Primary keys that Transom makes up itself: no caller can choose one to meet another's row."""


def test_every_table_says_whose_its_rows_are() -> None:
    tables = SQLModel.metadata.tables.values()
    assert residual_models.RESIDUAL_MISS in tables
    assert {table.name for table in tables if not set(table.c.keys()) >= OWNER} == WITHOUT_OWNER


def test_every_unique_key_carries_project_and_key() -> None:
    for table in SQLModel.metadata.tables.values():
        if table.name in WITHOUT_OWNER:
            continue
        for constraint in table.constraints:
            if isinstance(constraint, PrimaryKeyConstraint | UniqueConstraint):
                names = tuple(column.name for column in constraint.columns)
                assert set(names) >= OWNER or MINTED[table.name] == names
        assert not [index.name for index in table.indexes if index.unique]
