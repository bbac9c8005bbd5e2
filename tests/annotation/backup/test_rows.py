"""Every table is in a backup, in an order that can be restored, and every value in a form of its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.apps import apps
from django.db import models

from annotation.backup.reading import restore_backup
from annotation.backup.rows import LEFT_OUT, Parser, Table, lines, needed_by, tables
from annotation.models import User
from tests.annotation.backup.keeping import all_rows, backup, empty_the_database
from tests.annotation.builders import make_group

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_table_is_in_the_backup_or_left_out_for_a_reason() -> None:
    every = {
        model._meta.label_lower for model in apps.get_models(include_auto_created=True) if model._meta.managed
    }
    kept = {table.label for table in tables()}
    assert kept | set(LEFT_OUT) == every
    assert not kept & set(LEFT_OUT)
    assert {
        "annotation.user",
        "annotation.judgment",
        "auth.group",
        "annotation.user_groups",
        "account.emailaddress",
    } <= kept


def test_what_a_row_refers_to_is_restored_before_it() -> None:
    order = [table.label for table in tables()]
    for table in tables():
        others = needed_by(table.model) & set(order) - {table.label}
        assert all(order.index(other) < order.index(table.label) for other in others)
    assert order.index("annotation.user") < order.index("annotation.meme") < order.index("annotation.pair")
    assert order.index("annotation.assignment") < order.index("annotation.judgment")


def test_rows_are_read_in_pieces_of_any_size(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make_group(7)
    monkeypatch.setattr("annotation.backup.rows.ROWS_AT_A_TIME", 2)
    monkeypatch.setattr("annotation.backup.writing.ROWS_IN_A_PIECE", 3)
    before = all_rows()
    backup(tmp_path / "b")
    empty_the_database()
    restore_backup(path=tmp_path / "b")
    assert all_rows() == before
    assert len(before["annotation.meme"]) == 7


def test_a_value_that_a_backup_has_no_form_for_is_never_written_as_something_else() -> None:
    with pytest.raises(TypeError, match="no form for bytes"):
        list(lines(iter([(b"x",)]), most_rows=1, most_bytes=1))
    blob: models.BinaryField[bytes, bytes] = models.BinaryField()
    blob.set_attributes_from_name("blob")
    with pytest.raises(TypeError, match="BinaryField"):
        Parser(Table(User, (blob,)))
