"""Restoring: everything comes back, on either database, whatever happens meanwhile, or nothing does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from annotation.backup.reading import restore_backup
from annotation.backup.writing import make_backup
from annotation.errors import BadBackup, NotRestorable
from annotation.export import export_dataset
from annotation.models import Assignment, BlockedPhrase, Consent, Judgment, Meme, Skip
from annotation.pictures import load_picture
from annotation.services import judging
from corpus.comparisons import Outcome
from tests.annotation.backup.keeping import (
    all_rows,
    assert_nothing_came_in,
    backup,
    empty_the_database,
    judge_a_while,
    write,
)
from tests.annotation.builders import make_annotator, make_group
from tests.annotation.test_interleavings import Person, all_at_once, assert_nothing_went_wrong
from tests.annotation.test_judging import assert_counters_agree

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_row_and_every_picture_comes_back(people: list[Person], tmp_path: Path) -> None:
    judge_a_while(people)
    Consent.objects.update(given_at=F("given_at") - timedelta(days=1))
    before, names = all_rows(), set(Meme.objects.values_list("picture", flat=True))
    assert Judgment.objects.exclude(superseded_at=None).exists()
    assert Skip.objects.exists()
    made = make_backup(path=tmp_path / "b")
    assert made.rows == {label: len(rows) for label, rows in before.items()}
    assert (made.pictures, made.lost) == (len(names) + 1, 0)
    kept = {name: load_picture(name) for name in names}
    empty_the_database()
    for name in names:
        default_storage.delete(name)
    restored = restore_backup(path=tmp_path / "b")
    assert (restored.rows, restored.pictures) == (made.rows, made.pictures)
    assert all_rows() == before
    assert {name: load_picture(name) for name in names} == kept


def test_judging_goes_on_after_restoring(people: list[Person], tmp_path: Path) -> None:
    judge_a_while(people)
    backup(tmp_path / "b")
    empty_the_database()
    restore_backup(path=tmp_path / "b")
    judge_a_while(people, seed=2)
    assert_nothing_went_wrong(people)
    make_annotator("new")  # numbered after those that came back
    make_group(3)


def test_a_dataset_of_the_restored_database_has_the_same_hash(people: list[Person], tmp_path: Path) -> None:
    judge_a_while(people)
    Judgment.objects.update(
        shown_at=F("shown_at") - timedelta(days=1), judged_at=F("judged_at") - timedelta(days=1)
    )
    Skip.objects.update(at=F("at") - timedelta(days=1))
    Consent.objects.update(given_at=F("given_at") - timedelta(days=2))
    cutoff = timezone.now() - timedelta(hours=1)
    original = export_dataset(path=tmp_path / "before", cutoff=cutoff)
    backup(tmp_path / "b")
    empty_the_database()
    restore_backup(path=tmp_path / "b")
    assert export_dataset(path=tmp_path / "after", cutoff=cutoff).content_hash == original.content_hash
    assert original.counts["judgments"] > 0


def test_what_was_taken_back_comes_back_though_its_slot_went_to_somebody_else(
    people: list[Person], tmp_path: Path, settings: Settings
) -> None:
    """Its assignment stands otherwise than the judgment by then: the trigger that wants them to agree stays in force."""
    ann = people[0].user
    assignment = judging.lease_pair(annotator=ann)
    assert assignment is not None
    judging.record_judgment(annotator=ann, assignment_id=assignment.pk, token=uuid4(), outcome=Outcome.TIE)
    judging.undo_last(annotator=ann)
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    judging.expire_leases()
    judgment = Judgment.objects.get()
    assert (judgment.slot, judgment.assignment.slot) == (1, None)
    before = all_rows()
    backup(tmp_path / "b")
    empty_the_database()
    restore_backup(path=tmp_path / "b")
    assert all_rows() == before
    with pytest.raises(Exception, match="a judgment agrees with its assignment"), transaction.atomic():
        Judgment.objects.bulk_create([Judgment(**(values_of(judgment) | {"pk": None, "token": uuid4()}))])


def values_of(row: models.Model) -> dict[str, Any]:
    return {
        field.attname: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name != "id"
    }


def test_a_database_with_people_or_memes_is_refused_and_stays_as_it_was(tmp_path: Path) -> None:
    make_group(2)
    backup(tmp_path / "b")
    before = all_rows()
    with pytest.raises(NotRestorable, match="already"):
        restore_backup(path=tmp_path / "b")
    assert all_rows() == before
    empty_the_database()
    make_annotator("first")
    with pytest.raises(CommandError, match="Nothing was restored"):
        call_command("restore", tmp_path / "b")
    assert not Meme.objects.exists()


def test_what_a_migration_or_an_admin_put_into_an_empty_place_gives_way(tmp_path: Path) -> None:
    BlockedPhrase.objects.create(phrase="bad words")
    before = all_rows()
    backup(tmp_path / "b")
    empty_the_database()
    BlockedPhrase.objects.create(phrase="others")
    restore_backup(path=tmp_path / "b")
    assert all_rows() == before


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("restore", tmp_path / "nowhere")
    with pytest.raises(CommandError, match="No such file"):
        call_command("backup", tmp_path / "nowhere" / "b")


KILLED = """
import os, signal, sys
from pathlib import Path
from django.conf import settings
settings.DATABASES["default"]["NAME"], settings.STORAGES["default"]["OPTIONS"]["location"] = sys.argv[1:3]
import django
django.setup()
from annotation.backup.reading import restore_backup
def kill(stage, done, everything):
    if stage == "annotation.judgment":
        os.kill(os.getpid(), signal.SIGKILL)
restore_backup(path=Path(sys.argv[3]), progress=kill)
"""


def test_a_restore_that_is_killed_leaves_an_empty_database_that_takes_the_next_one(
    valid: dict[str, bytes], tmp_path: Path
) -> None:
    """Half a picture, as a killed process leaves it, is put right too."""
    path = write(tmp_path / "b", valid)
    location = django_settings.STORAGES["default"]["OPTIONS"]["location"]
    arguments = [str(connection.settings_dict["NAME"]), str(location), str(path)]
    killed = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments], check=False, timeout=60, env=dict(os.environ)
    )
    assert killed.returncode == -signal.SIGKILL
    assert_nothing_came_in()
    half = next(name.removeprefix("pictures/") for name in valid if name.startswith("pictures/"))
    whole = Path(default_storage.path(half))
    assert whole.read_bytes() == valid[f"pictures/{half}"]
    whole.write_bytes(whole.read_bytes()[:50])
    restore_backup(path=path)
    assert_counters_agree()
    assert whole.read_bytes() == valid[f"pictures/{half}"]


def test_two_restores_at_once_bring_everything_in_once(valid: dict[str, bytes], tmp_path: Path) -> None:
    path, refused = write(tmp_path / "b", valid), []

    def restore() -> None:
        try:
            restore_backup(path=path)
        except (NotRestorable, BadBackup) as error:
            refused.append(error)

    all_at_once([restore, restore])
    assert len(refused) == 1
    assert_counters_agree()
