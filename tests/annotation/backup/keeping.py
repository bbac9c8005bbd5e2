"""What the tests of backup and restore share: all that should come back, an empty database, the parts of a file."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from django.contrib.auth.models import Group as RoleGroup
from django.core.management.color import no_style
from django.db import connection, transaction

from annotation.backup import archive
from annotation.backup.rows import tables
from annotation.backup.writing import make_backup
from annotation.models import Role
from tests.annotation.test_interleavings import Person

Rows = dict[str, list[tuple[Any, ...]]]


def all_rows() -> Rows:
    """Everything that a backup should hold."""
    return {table.label: list(table.rows()) for table in tables()}


def empty_the_database() -> None:
    """As `migrate` leaves it: new rows are numbered from 1 again."""
    with transaction.atomic(), connection.cursor() as cursor:
        for table in reversed(tables()):
            table.model._base_manager.all()._raw_delete(connection.alias)
        numbered = [{"table": table.model._meta.db_table, "column": "id"} for table in tables()]
        for statement in connection.ops.sequence_reset_by_name_sql(no_style(), numbered):
            cursor.execute(statement)
        RoleGroup.objects.bulk_create(RoleGroup(name=role) for role in Role)


def backup(path: Path) -> Path:
    make_backup(path=path)
    return path


def judge_a_while(people: list[Person], *, seed: int = 1, actions: int = 40) -> None:
    """Judgments, skips, undone answers, expired leases."""
    chance = random.Random(seed)
    for number in range(actions):
        people[number % len(people)].act(
            chance.choice(["submit", "submit", "undo", "skip", "sleep", "expire"]), chance
        )


def assert_nothing_came_in() -> None:
    rows = all_rows()
    assert {label for label, found in rows.items() if found} <= {"auth.group"}


def parts_of(path: Path) -> dict[str, bytes]:
    with path.open("rb") as file:
        return {member.name: member.data for member in archive.members(file)}


def write(path: Path, parts: dict[str, bytes]) -> Path:
    with path.open("wb") as file:
        writer = archive.ArchiveWriter(file)
        for name, data in parts.items():
            writer.add(name, data)
        writer.close()
    return path


def changed(data: bytes, **values: Any) -> bytes:
    return json.dumps(json.loads(data) | values).encode()
