"""The file of a backup: of one moment, complete or not there, told what it lacks."""

from __future__ import annotations

import random
import threading
from functools import partial
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command

from annotation.backup.reading import restore_backup
from annotation.backup.writing import make_backup
from annotation.errors import BadBackup
from annotation.models import Judgment, Meme, User
from tests.annotation.backup.keeping import backup, empty_the_database, judge_a_while
from tests.annotation.builders import make_group
from tests.annotation.test_interleavings import Person, all_at_once, assert_nothing_went_wrong
from tests.annotation.test_judging import assert_counters_agree

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_backup_made_while_people_judge_is_of_one_moment(people: list[Person], tmp_path: Path) -> None:
    judge_a_while(people, actions=20)
    stop, counts = threading.Event(), []

    def live(person: Person, chance: random.Random) -> None:
        while not stop.is_set():
            person.act(chance.choice(["submit", "submit", "undo", "skip", "expire"]), chance)

    def back_up() -> None:
        try:
            for number in range(3):
                acknowledged = {pk for person in people for pk in person.acknowledged.values()}
                made = make_backup(path=tmp_path / str(number))
                counts.append((acknowledged, made.rows["annotation.judgment"]))
        finally:
            stop.set()

    all_at_once([*(partial(live, person, random.Random(n)) for n, person in enumerate(people)), back_up])
    assert_nothing_went_wrong(people)
    for number, (acknowledged, stored) in enumerate(counts):
        empty_the_database()
        restore_backup(path=tmp_path / str(number))
        assert Judgment.objects.count() == stored
        assert acknowledged <= set(Judgment.objects.values_list("pk", flat=True))
        assert_counters_agree()
    judge_a_while([Person(User.objects.get(username="ann"))], seed=5)
    assert_counters_agree()


def test_the_file_is_for_its_owner_alone_and_nothing_is_overwritten(tmp_path: Path) -> None:
    make_group(2)
    path = backup(tmp_path / "b")
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    with pytest.raises(BadBackup, match="b is already there"):
        make_backup(path=path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_backup_that_fails_leaves_no_file(people: list[Person], tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir()

    def fail(stage: str, done: int, everything: int) -> None:
        if stage == "pictures":
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        make_backup(path=folder / "b", progress=fail)
    assert list(folder.iterdir()) == []


def test_a_picture_that_is_lost_or_damaged_is_told_and_does_not_stop_the_backup(
    memes: list[Meme], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lost, damaged = memes[0].picture, memes[1].picture
    default_storage.delete(lost)
    Path(default_storage.path(damaged)).write_bytes(b"not that")
    call_command("backup", tmp_path / "b")
    told = capsys.readouterr().err
    assert "2 pictures are not in the storage" in told
    assert lost in told
    assert damaged in told
    empty_the_database()
    call_command("restore", tmp_path / "b")
    assert "2 pictures were lost already" in capsys.readouterr().err
    assert Meme.objects.count() == len(memes)
