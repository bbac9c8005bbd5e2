"""Backup and restore: everything comes back, on either database, whatever happens meanwhile; nothing hostile comes in."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import tarfile
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.conf import settings as django_settings
from django.contrib.auth.models import Group as RoleGroup
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.core.management.color import no_style
from django.db import connection, models, transaction
from django.db.models import F
from django.utils import timezone
from pytest_django import Settings

from annotation.backup import archive
from annotation.backup.reading import restore_backup
from annotation.backup.rows import LEFT_OUT, Parser, Table, lines, needed_by, tables
from annotation.backup.writing import make_backup
from annotation.errors import BadBackup, NotRestorable
from annotation.export import export_dataset
from annotation.models import Assignment, BlockedPhrase, Consent, Judgment, Meme, Role, Skip, User
from annotation.pictures import load_picture
from annotation.services import judging
from annotation.services.memes import Caption, add_memes, add_template
from corpus.comparisons import Outcome
from tests.annotation.builders import BOXES, make_annotator, make_group
from tests.annotation.test_export import picture
from tests.annotation.test_interleavings import Person, all_at_once, assert_nothing_went_wrong
from tests.annotation.test_judging import assert_counters_agree

pytestmark = pytest.mark.django_db(transaction=True)
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


@pytest.fixture
def memes() -> list[Meme]:
    """Drawn memes, so that there are pictures."""
    template = add_template(
        slug="red", name="Red", picture=picture(), boxes=BOXES, source="here", licence="CC0-1.0"
    )
    captions = [Caption(texts=[f"joke {number}\t\\N 我的 😀"]) for number in range(6)]
    captions.append(Caption(texts=["asked for"], request={"emotion": "joy", "keywords": ["cat"]}))
    return add_memes(template=template, captions=captions).added


@pytest.fixture
def people(memes: list[Meme], settings: Settings) -> list[Person]:
    settings.REPLICATION = 2
    return [Person(make_annotator(name)) for name in ("ann", "bob", "cyd")]


# --- all of it comes back -----------------------------------------------------------------------------------------------------


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


# --- the file -----------------------------------------------------------------------------------------------------------------


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


# --- refusals -----------------------------------------------------------------------------------------------------------------


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


def with_row(parts: dict[str, bytes], label: str, change: Callable[[list[Any]], None]) -> dict[str, bytes]:
    """The first row of a table changed, and the manifest made to agree with it."""
    name = f"tables/{label}/000001.jsonl"
    rows = [json.loads(line) for line in parts[name].splitlines()]
    change(rows[0])
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    hashes = json.loads(parts["manifest.json"])["sha256"] | {name: hashlib.sha256(data).hexdigest()}
    return parts | {name: data, "manifest.json": changed(parts["manifest.json"], sha256=hashes)}


def column(label: str, name: str, value: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    """A change of one value in the first row of a table."""
    table = next(table for table in tables() if table.label == label)

    def change(row: list[Any]) -> None:
        row[table.columns.index(name)] = value

    return lambda parts: with_row(parts, label, change)


def flip_sides(row: list[Any]) -> None:
    at = next(table for table in tables() if table.model is Judgment).columns.index("swapped")
    row[at] = not row[at]


def without(*names: str) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda parts: {name: data for name, data in parts.items() if name not in names}


def with_head(**values: Any) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda parts: parts | {"backup.json": changed(parts["backup.json"], **values)}


MEMES = "tables/annotation.meme/000001.jsonl"
PICTURE = f"pictures/memes/00/{'0' * 64}.jpg"
HOSTILE: list[tuple[str, Callable[[dict[str, bytes]], dict[str, bytes]]]] = [
    ("does not begin with backup.json", without("backup.json")),
    ("does not begin with backup.json", lambda _: {}),
    ("no manifest", without("manifest.json")),
    ("has version '2.0'", with_head(version="2.0")),
    ("has version", with_head(version=None)),
    ("no backup of Punchline", with_head(format="a song")),
    ("lacks migrations that the backup has", with_head(migrations=["annotation.9999_later"])),
    ("migrations that the backup lacks", with_head(migrations=[])),
    ("tables or columns", with_head(tables={})),
    ("cannot be read", lambda parts: parts | {"backup.json": b"[" * 100_000}),
    ("cannot be read", lambda parts: parts | {"manifest.json": b"\xff"}),
    ("as many rows", without(MEMES)),
    ("a piece of a table", lambda parts: parts | {MEMES: parts[MEMES].replace(b"joke 0", b"joke 9")}),
    ("row 1: this is no JSON", lambda parts: parts | {MEMES: b"{" + parts[MEMES]}),
    ("row 1: it has not", lambda parts: parts | {MEMES: b"[1]\n"}),
    ("not the piece that should come next", lambda parts: {"backup.json": parts["backup.json"], MEMES.replace("1.", "2."): b""}),
    ("stands behind the manifest", lambda parts: parts | {"zz": b""}),
    ("does not belong there", lambda parts: {"backup.json": parts["backup.json"], "../../etc/passwd": b"x"}),
    ("does not belong there", lambda parts: {"backup.json": parts["backup.json"], "/etc/passwd": b"x"}),
    ("does not belong there", lambda parts: {"backup.json": parts["backup.json"], "pictures/../../x.jpg": b"x"}),
    ("does not belong there", lambda parts: {"backup.json": parts["backup.json"], "tables/auth.permission/000001.jsonl": b""}),
    ("not the picture that its name says", lambda parts: {"backup.json": parts["backup.json"], PICTURE: b"x"}),
    ("pictures are not those", lambda parts: {name: data for name, data in parts.items() if not name.startswith("pictures/t")}),
    ("row 1, status: this value", column("annotation.meme", "status", "x" * 11)),
    ("row 1, texts: this value", column("annotation.meme", "texts", ["a\0"])),
    ("row 1, reasoning: this value", column("annotation.meme", "reasoning", "a\0")),
    ("row 1, reasoning: this value", column("annotation.meme", "reasoning", "\ud800")),
    ("row 1, template_id: this value", column("annotation.meme", "template_id", "1")),
    ("row 1, template_id: this value", column("annotation.meme", "template_id", None)),
    ("row 1, template_id: this value", column("annotation.meme", "template_id", 2**70)),
    ("row 1, created_at: this value", column("annotation.meme", "created_at", "2026-01-01T00:00:00")),
    ("row 1, created_at: this value", column("annotation.meme", "created_at", "soon")),
    ("row 1, is_active: this value", column("annotation.user", "is_active", 1)),
    ("row 1, token: this value", column("annotation.judgment", "token", "not a uuid")),
    ("row 1, pair_probability: this value", column("annotation.assignment", "pair_probability", "1")),
    ("this is no JSON", column("annotation.assignment", "pair_probability", float("nan"))),
    ("the database refuses", column("annotation.meme", "template_id", 10**9)),
    ("the database refuses", column("annotation.meme", "status", "unheard")),
    ("the database refuses", column("annotation.assignment", "pair_probability", 7)),
    ("a judgment agrees with its assignment", lambda parts: with_row(parts, "annotation.judgment", flip_sides)),
]  # fmt: skip


@pytest.fixture
def valid(people: list[Person], tmp_path: Path) -> dict[str, bytes]:
    """The parts of a good backup; the database is empty again."""
    judge_a_while(people, actions=8)
    parts = parts_of(backup(tmp_path / "good"))
    empty_the_database()
    for name in parts:
        if name.startswith("pictures/"):
            default_storage.delete(name.removeprefix("pictures/"))
    return parts


def assert_nothing_came_in() -> None:
    rows = all_rows()
    assert {label for label, found in rows.items() if found} <= {"auth.group"}


def test_a_hostile_or_damaged_backup_is_refused_in_a_sentence_and_changes_nothing(
    valid: dict[str, bytes], tmp_path: Path
) -> None:
    """The good one comes in at the end, so that none of these is refused for another reason."""
    for number, (words, change) in enumerate(HOSTILE):
        path = write(tmp_path / str(number), change(valid))
        with pytest.raises((BadBackup, NotRestorable)) as refused:
            restore_backup(path=path)
        assert words in str(refused.value), number
        assert "DETAIL" not in str(refused.value)
        assert str(tmp_path) not in str(refused.value)
        assert_nothing_came_in()
    restore_backup(path=write(tmp_path / "good again", valid))
    assert_counters_agree()


def test_no_picture_is_stored_before_all_was_read_through(valid: dict[str, bytes], tmp_path: Path) -> None:
    """What is wrong stands at the very end here."""
    manifest = changed(valid["manifest.json"], rows={})
    with pytest.raises(BadBackup, match="as many rows"):
        restore_backup(path=write(tmp_path / "b", valid | {"manifest.json": manifest}))
    names = [name.removeprefix("pictures/") for name in valid if name.startswith("pictures/memes")]
    assert names
    assert not any(default_storage.exists(name) for name in names)


def tarred(*infos: tarfile.TarInfo, format: int = tarfile.PAX_FORMAT) -> bytes:  # noqa: A002 - tarfile's word
    """A compressed tar of these entries without contents."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz", format=format) as tar:
        for info in infos:
            tar.addfile(info, io.BytesIO(bytes(info.size)))
    return buffer.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, *, size: int = 0, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.size, info.linkname = kind, size, link
    return info


RAW: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("ends too early", lambda good: good[: len(good) // 2]),
    ("ends too early", lambda good: good[:-4]),
    ("ends too early", lambda _: b""),
    ("cannot be unpacked", lambda _: b"this is no archive"),
    ("cannot be unpacked", lambda good: good + b"more"),
    ("cannot be unpacked", lambda good: good[:-6] + bytes([good[-6] ^ 1]) + good[-5:]),  # of the checksum
    ("follows its end", lambda good: good + gzip.compress(b"more")),
    ("header cannot be read", lambda _: gzip.compress(b"x" * 2048)),
    ("no plain file", lambda _: tarred(entry("backup.json", tarfile.SYMTYPE, link="/etc/passwd"))),
    ("no plain file", lambda _: tarred(entry("backup.json", tarfile.LNKTYPE, link="/etc/passwd"))),
    ("no plain file", lambda _: tarred(entry("tables", tarfile.DIRTYPE))),
    ("no plain file", lambda _: tarred(entry("backup.json", tarfile.FIFOTYPE))),
    ("no plain file", lambda _: tarred(entry("backup.json", tarfile.CHRTYPE))),
    ("no plain file", lambda _: tarred(entry("n" * 300))),
    ("no plain file", lambda _: tarred(entry("n" * 300), format=tarfile.GNU_FORMAT)),
    ("says that it has", lambda _: gzip.compress(entry("backup.json", size=2**40).tobuf(tarfile.GNU_FORMAT))),
    ("says that it has", lambda _: gzip.compress(entry("backup.json", size=-1).tobuf(tarfile.GNU_FORMAT))),
    ("100 times its size", lambda _: tarred(entry("backup.json", size=archive.MAX_SLACK_BYTES + 2**24))),
]  # fmt: skip


def test_a_file_that_is_no_plain_archive_is_refused_without_being_unpacked(tmp_path: Path) -> None:
    good = backup(tmp_path / "good").read_bytes()
    for number, (words, change) in enumerate(RAW):
        path = tmp_path / str(number)
        path.write_bytes(change(good))
        with pytest.raises(BadBackup) as refused:
            restore_backup(path=path)
        assert words in str(refused.value), number
    assert_nothing_came_in()


def test_a_file_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("restore", tmp_path / "nowhere")
    with pytest.raises(CommandError, match="No such file"):
        call_command("backup", tmp_path / "nowhere" / "b")


def test_a_value_that_a_backup_has_no_form_for_is_never_written_as_something_else() -> None:
    with pytest.raises(TypeError, match="no form for bytes"):
        list(lines(iter([(b"x",)]), most_rows=1, most_bytes=1))
    blob: models.BinaryField[bytes, bytes] = models.BinaryField()
    blob.set_attributes_from_name("blob")
    with pytest.raises(TypeError, match="BinaryField"):
        Parser(Table(User, (blob,)))


# --- interrupted --------------------------------------------------------------------------------------------------------------


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
