"""A dataset directory comes in with what people said, once, and goes out again as it was."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from annotation.export import Filters, export_dataset
from annotation.importing import answers
from annotation.importing.dataset import DatasetReport, import_dataset
from annotation.importing.progress import silent
from annotation.models import (
    Assignment,
    Consent,
    Group,
    GroupMember,
    Judgment,
    Meme,
    MemeTemplate,
    Pair,
    Skip,
    User,
)
from annotation.services import judging
from annotation.services.memes import Caption, add_memes, add_template, retire_meme
from corpus.comparisons import Comparison, Outcome
from corpus.dataset import Dataset, SkipKind, SkipRow
from corpus.synthetic import World, synthetic_world
from tests.annotation.builders import make_annotator
from tests.annotation.test_judging import assert_counters_agree
from tests.corpus.example_dataset import Forger

pytestmark = pytest.mark.django_db
EXPORTS = pytest.mark.django_db(transaction=True)  # an export begins a transaction of its own

OURS = "CC-BY-4.0"


@pytest.fixture(scope="module")
def world() -> World:
    return synthetic_world(templates=2, memes_per_template=5, annotators=6, seed=4)


@pytest.fixture
def dataset(world: World, tmp_path: Path) -> Path:
    """Thirty judgments of simulated people, under our licence."""
    path = tmp_path / "dataset"
    world.write(path, 30)
    Forger(path=path).manifest(lambda data: data.update(licence=OURS))
    return path


def take(path: Path, **options: Any) -> DatasetReport:
    report = DatasetReport(source=path.name)
    import_dataset(folder=path, report=report, progress=silent, **options)
    assert_counters_agree()
    return report


def rows_of(path: Path) -> list[Comparison]:
    return list(Dataset.open(path).judgments())


def change(path: Path, row: int, **values: object) -> None:
    for name, value in values.items():
        Forger(path=path).value("judgments", row, name, value)


def export(path: Path, **filters: Any) -> Dataset:
    export_dataset(path=path, filters=Filters(kinds=("person", "simulated"), **filters))
    return Dataset.open(path)


SAME = ("outcome", "question", "request_shown", "annotator_kind", "response_ms", "shown_at", "judged_at", "policy", "policy_version", "propensity", "is_gold", "surplus", "weight")  # fmt: skip


def said(dataset: Dataset) -> list[tuple[object, ...]]:
    """The judgments without the ids of this database: memes by their texts, templates by their picture."""
    memes = {meme.meme_id: meme for meme in dataset.memes()}
    ids = {row.judgment_id: row.judged_at for row in dataset.judgments()}
    rows = [
        (
            dataset.template(row.template_id).identity,
            memes[row.left_id].texts,
            memes[row.right_id].texts,
            row.repeat_of and ids.get(row.repeat_of),
            *(getattr(row, name) for name in SAME),
        )
        for row in dataset.judgments()
    ]
    return sorted(rows, key=lambda row: str(row[-7:]) + str(row[:3]))


def people_of(dataset: Dataset) -> list[list[datetime]]:
    """Who judged when, without their pseudonyms: each one's moments."""
    moments: dict[str, list[datetime]] = {}
    for row in dataset.judgments():
        moments.setdefault(row.annotator, []).append(row.judged_at)
    return sorted(sorted(each) for each in moments.values())


# --- what comes in --------------------------------------------------------------------------------------------------------------


def test_everything_said_comes_in_as_it_was(dataset: Path) -> None:
    report = take(dataset)
    assert (report.templates, report.memes, report.judgments) == (2, 10, 30)
    assert report.annotators == len({row.annotator for row in rows_of(dataset)})
    assert report.left_out == {}
    row = rows_of(dataset)[0]
    judgment = Judgment.objects.select_related("assignment", "annotator", "pair__first", "pair__second").get(
        shown_at=row.shown_at
    )
    texts = {meme.meme_id: list(meme.texts) for meme in Dataset.open(dataset).memes()}
    shown = [judgment.pair.first.texts, judgment.pair.second.texts]
    assert (shown[::-1] if judgment.swapped else shown) == [texts[row.left_id], texts[row.right_id]]
    assert (judgment.outcome, judgment.response_ms, judgment.judged_at) == (
        row.outcome,
        row.response_ms,
        row.judged_at,
    )
    assert (judgment.assignment.policy, judgment.assignment.policy_version) == ("simulated", 1)
    assert judgment.assignment.propensity == row.propensity
    assert judgment.annotator.kind == "simulated"


@EXPORTS
def test_it_goes_out_again_as_it_came_in(dataset: Path, tmp_path: Path) -> None:
    """Ids, pseudonyms and the order of rows are this installation's; what was said by whom of what is the same."""
    one, other, *_ = [row for row in rows_of(dataset) if row.pair_id == rows_of(dataset)[0].pair_id]
    again = rows_of(dataset).index(other)
    change(dataset, again, annotator=one.annotator, repeat_of=one.judgment_id, surplus=True)
    take(dataset)
    out = export(tmp_path / "out")
    assert said(out) == said(Dataset.open(dataset))
    assert people_of(out) == people_of(Dataset.open(dataset))
    pictures = {row.image_sha256 for row in Dataset.open(dataset).templates()}
    assert {row.image_sha256 for row in out.templates()} == pictures
    assert {row.part for row in out.templates()} == {row.part for row in Dataset.open(dataset).templates()}


def test_a_pair_wants_as_many_as_judged_it_elsewhere(world: World, tmp_path: Path) -> None:
    """Else the fourth and fifth would become surplus on their way."""
    world.write(tmp_path / "five", 20, replication=5)
    Forger(path=tmp_path / "five").manifest(lambda data: data.update(licence=OURS))
    assert take(tmp_path / "five").surplus == 0
    assert set(Pair.objects.values_list("wanted", "taken")) == {(5, 5)}


def test_a_repeat_stays_one_when_its_first_answer_is_left_out(dataset: Path) -> None:
    one, other, *_ = [row for row in rows_of(dataset) if row.pair_id == rows_of(dataset)[0].pair_id]
    change(dataset, rows_of(dataset).index(other), annotator=one.annotator, repeat_of=one.judgment_id)
    change(dataset, rows_of(dataset).index(one), is_gold=True)
    assert take(dataset).judgments == 29
    assert Assignment.objects.get(repeat=1).leased_at == other.shown_at
    assert Assignment.objects.filter(repeat=0).count() == 28


@EXPORTS
def test_what_was_judged_here_comes_back_into_an_empty_database(tmp_path: Path) -> None:
    """Export, import into an empty database, export: live judgments, skips, flags and surplus among them."""
    template = add_template(
        slug="t", name="T", picture=synthetic_picture(), boxes=[{"x": 0.0, "y": 0.0, "w": 1.0, "h": 0.3}]
    )
    add_memes(template=template, captions=[Caption(texts=[f"joke {n}"]) for n in range(4)])
    people = [make_annotator(f"p{n}") for n in range(4)]
    for person in people:
        for outcome in (Outcome.LEFT, Outcome.BOTH_BAD, None):
            lease = judging.lease_pair(annotator=person)
            assert lease is not None
            if outcome is None:
                judging.record_skip(
                    annotator=person, assignment_id=lease.pk, token=uuid4(), reason=Skip.Reason.UNCLEAR
                )
            else:
                judging.record_judgment(
                    annotator=person, assignment_id=lease.pk, token=uuid4(), outcome=outcome, response_ms=800
                )
    age()
    first = export(tmp_path / "first")
    judged = {row.pair_id for row in first.judgments()}
    skips = sorted((row.kind, row.reason, row.at) for row in first.skips() if row.pair_id in judged)
    unknown = sum(row.pair_id not in judged for row in first.skips())
    assert len(skips) + unknown == 4
    empty_database()
    report = take(tmp_path / "first")
    assert (report.judgments, report.skips, report.surplus) == (8, len(skips), 0)
    assert report.left_out["about something left out"] == unknown
    second = export(tmp_path / "second")
    assert said(second) == said(first)
    assert people_of(second) == people_of(first)
    assert sorted((row.kind, row.reason, row.at) for row in second.skips()) == skips


def synthetic_picture() -> bytes:
    picture = synthetic_world(templates=1, memes_per_template=1, annotators=3, seed=9).templates[0].picture
    assert picture is not None
    return picture


def age() -> None:
    """As if all answers had been given a while ago."""
    since = timezone.now() - timedelta(hours=2)
    Consent.objects.update(given_at=since - timedelta(hours=1))
    Assignment.objects.update(leased_at=since)
    for number, judgment in enumerate(Judgment.objects.order_by("pk")):
        at = since + timedelta(seconds=number)
        Judgment.objects.filter(pk=judgment.pk).update(shown_at=since, judged_at=at)
    for number, skip in enumerate(Skip.objects.order_by("pk")):
        Skip.objects.filter(pk=skip.pk).update(at=since + timedelta(minutes=1, seconds=number))


def empty_database() -> None:
    """Nothing is left but the roles."""
    emptied: tuple[Any, ...] = (
        Judgment,
        Skip,
        Assignment,
        Pair,
        GroupMember,
        Group,
        Meme,
        MemeTemplate,
        Consent,
    )
    Judgment.objects.update(next_assignment=None)
    Skip.objects.update(next_assignment=None)
    for model in emptied:
        model.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM annotation_daytally")
    User.objects.all().delete()


# --- once -----------------------------------------------------------------------------------------------------------------------


def test_the_same_dataset_again_adds_nothing(dataset: Path) -> None:
    once = take(dataset)
    users = User.objects.count()
    again = take(dataset)
    assert (again.templates, again.memes, again.annotators, again.judgments, again.skips) == (0, 0, 0, 0, 0)
    assert (again.templates_known, again.memes_known) == (2, 10)
    assert (again.judgments_known, again.annotators_known) == (30, once.annotators)
    assert (Judgment.objects.count(), User.objects.count()) == (30, users)


def test_an_import_that_was_stopped_goes_on(dataset: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from annotation.services import history

    monkeypatch.setattr(history, "BATCH", 7)

    def stop(done: float, total: int | None = None, what: str = "") -> None:
        if what == "Judgments" and done >= 14:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_dataset(folder=dataset, report=DatasetReport(source="x"), progress=stop)
    assert Judgment.objects.count() == 14
    report = take(dataset)
    assert (report.judgments, report.judgments_known, report.memes) == (16, 14, 0)
    assert Judgment.objects.count() == 30


@EXPORTS
def test_our_own_export_adds_nothing_and_makes_nobody(dataset: Path, tmp_path: Path) -> None:
    """Under other ids and other pseudonyms the answers are known by their moments."""
    take(dataset)
    users = set(User.objects.values_list("username", flat=True))
    export(tmp_path / "ours")
    report = take(tmp_path / "ours")
    assert (report.judgments, report.judgments_known, report.annotators) == (0, 30, 0)
    assert set(User.objects.values_list("username", flat=True)) == users


def test_a_later_dataset_of_the_same_people_adds_what_is_new(world: World, tmp_path: Path) -> None:
    for number in (12, 30):
        path = tmp_path / str(number)
        world.write(path, 30)
        seal(path, scope="lab", judgments=number)
    early, late = take(tmp_path / "12"), take(tmp_path / "30")
    assert (early.judgments, late.judgments, late.judgments_known) == (12, 18, 12)
    assert User.objects.count() == len({row.annotator for row in rows_of(tmp_path / "30")})


def seal(path: Path, *, scope: str, judgments: int) -> None:
    """The first judgments of a dataset, under a scope of pseudonyms and our licence."""
    dataset = Dataset.open(path)
    parts = dict.fromkeys(("train", "tune", "test"), 0)
    for row in list(dataset.judgments())[:judgments]:
        parts[dataset.part(row.template_id)] += 1
    forger = Forger(path=path)
    forger.table("judgments", lambda table: table.slice(0, judgments))

    def tell(data: dict[str, Any]) -> None:
        data.update(licence=OURS, filters={"pseudonym_scope": scope})
        data["counts"]["judgments"] = judgments
        for part, number in parts.items():
            data["parts"][part]["judgments"] = number

    forger.manifest(tell)


def test_two_datasets_do_not_mix_their_people(world: World, tmp_path: Path) -> None:
    """Both call their people sim-00000 and so on; without a scope nobody in one is anybody in the other."""
    other = synthetic_world(templates=2, memes_per_template=5, annotators=6, seed=5)
    for name, each in (("one", world), ("two", other)):
        each.write(tmp_path / name, 30)
        Forger(path=tmp_path / name).manifest(lambda data: data.update(licence=OURS))
    one, two = take(tmp_path / "one"), take(tmp_path / "two")
    assert two.annotators_known == 0
    assert User.objects.count() == one.annotators + two.annotators


# --- beside what is here --------------------------------------------------------------------------------------------------------


def test_live_judgments_keep_their_slots_and_the_rest_is_surplus(dataset: Path) -> None:
    row = rows_of(dataset)[0]
    ours = [each for each in rows_of(dataset) if each.pair_id == row.pair_id]
    assert len(ours) == 3
    world = Dataset.open(dataset)
    template = world.template(row.template_id)
    mine = add_template(
        slug="mine",
        name="Mine",
        picture=world.picture(row.template_id) or b"",
        boxes=[box.to_json() for box in template.boxes],
    )
    texts = {meme.meme_id: meme.texts for meme in world.memes()}
    add_memes(template=mine, captions=[Caption(texts=texts[meme]) for meme in (row.left_id, row.right_id)])
    for name in ("ann", "bob"):
        lease = judging.lease_pair(annotator=make_annotator(name))
        assert lease is not None
        judging.record_judgment(
            annotator=lease.annotator, assignment_id=lease.pk, token=uuid4(), outcome=Outcome.TIE
        )
    report = take(dataset)
    assert (report.templates, report.templates_known, report.memes_known) == (1, 1, 2)
    assert (report.judgments, report.surplus) == (30, 2)
    assert Pair.objects.get(first__template=mine, taken=3, judgments__annotator__username="ann").wanted == 3


def test_nobody_who_came_by_import_can_sign_in_and_they_have_no_role(dataset: Path) -> None:
    take(dataset)
    for user in User.objects.all():
        assert not user.is_active
        assert not user.has_usable_password()
        assert user.roles == frozenset()
    assert authenticate(username=User.objects.all()[0].username, password="") is None


def test_their_consent_says_that_it_came_by_import(dataset: Path) -> None:
    Forger(path=dataset).manifest(lambda data: data.update(licence="ODbL-1.0"))
    take(dataset, accept_licence=True)
    assert set(Consent.objects.values_list("version", "licence")) == {("import", "ODbL-1.0")}


@EXPORTS
def test_a_consent_withdrawn_here_stays_so(dataset: Path, tmp_path: Path) -> None:
    take(dataset)
    Consent.objects.update(withdrawn_at=timezone.now())
    take(dataset)
    assert list(export(tmp_path / "out").judgments()) == []


def test_a_pair_of_a_meme_retired_here_is_not_shown_and_its_judgments_are_kept(dataset: Path) -> None:
    take(dataset)
    retire_meme(meme=Meme.objects.all()[0])
    Judgment.objects.all().delete()
    Assignment.objects.all().delete()
    Pair.objects.all().delete()
    GroupMember.objects.update(pairs=0, joined=False)
    Group.objects.update(full_pairs=0)
    assert take(dataset).judgments == 30
    assert Pair.objects.filter(active=False).exists()


def test_memes_can_wait_for_moderation(dataset: Path) -> None:
    report = take(dataset, to_moderation=True)
    assert report.judgments == 30
    assert set(Meme.objects.values_list("status", flat=True)) == {"pending"}
    assert not Pair.objects.filter(active=True).exists()
    assert judging.lease_pair(annotator=make_annotator()) is None


# --- what is left out -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "value", "kind", "reason"),
    [
        ("judged_at", datetime(2999, 1, 1, tzinfo=UTC), "clock in the future", "lies in the future"),
        ("is_gold", True, "gold pair", "gold pairs have no place here"),
        ("policy", "p" * 31, "bad field", "at most 30 printable characters"),
        ("policy", "a\x00b", "bad field", "printable"),
        ("policy_version", 40_000, "bad field", "40000 is above 32767"),
        ("response_ms", 2**40, "bad field", "is above 2147483647"),
    ],
)
def test_a_row_that_has_no_place_is_left_out_by_name_and_the_rest_comes_in(
    dataset: Path, column: str, value: object, kind: str, reason: str
) -> None:
    change(dataset, 7, **{column: value})
    report = take(dataset)
    assert (report.judgments, report.left_out) == (29, {kind: 1})
    (refusal,) = report.refusals
    assert "j000000007 (row 7, from 0)" in refusal.reason
    assert reason in refusal.reason
    assert (refusal.file, refusal.field) == ("judgments.parquet", column)


def test_many_rows_of_one_kind_are_counted_and_some_are_named(
    dataset: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "NAMED", 2)
    for row in range(5):
        change(dataset, row, is_gold=True)
    report = take(dataset)
    assert report.left_out == {"gold pair": 5}
    assert len(report.refusals) == 3


def test_answers_about_two_memes_that_are_one_here_are_left_out(dataset: Path) -> None:
    row = rows_of(dataset)[0]
    memes = [meme.meme_id for meme in Dataset.open(dataset).memes()]
    texts = next(meme.texts for meme in Dataset.open(dataset).memes() if meme.meme_id == row.left_id)
    loud = [text.upper() + "!" for text in texts]
    Forger(path=dataset).value("memes", memes.index(row.right_id), "texts", loud)
    report = take(dataset)
    merged = [
        each for each in rows_of(dataset) if {each.left_id, each.right_id} == {row.left_id, row.right_id}
    ]
    assert report.left_out == {"both memes are one here": len(merged)}
    assert report.memes == 9
    assert report.judgments == 30 - len(merged)


def test_skips_come_in_with_the_memes_that_judgments_name(world: World, dataset: Path) -> None:
    row = rows_of(dataset)[0]
    skip = SkipRow(
        assignment_id="s1", pair_id=row.pair_id, annotator="quiet", kind=SkipKind.FLAG, reason="broken", at=row.judged_at
    )  # fmt: skip
    add_skips(
        dataset,
        skip,
        replace(skip, assignment_id="s1", kind=SkipKind.SKIP, reason=None),
        replace(skip, assignment_id="s2", pair_id="unheard-of"),
        replace(skip, assignment_id="s3", reason="nonsense"),
        replace(skip, assignment_id="s4", at=datetime(2999, 1, 1, tzinfo=UTC)),
    )
    report = take(dataset)
    assert report.skips == 1
    assert report.left_out == {
        "doubled id": 1,
        "about something left out": 1,
        "bad field": 1,
        "clock in the future": 1,
    }
    stored = Skip.objects.select_related("annotator").get()
    assert (stored.kind, stored.reason, stored.annotator.kind) == ("flag", "broken", "person")
    assert Assignment.objects.get(pk=stored.assignment_id).status == "skipped"
    assert take(dataset).skips_known == 1


def add_skips(path: Path, *rows: SkipRow) -> None:
    import pyarrow as pa

    def add(table: pa.Table) -> pa.Table:
        columns = {
            name: [getattr(row, name) for row in rows]
            for name in ("assignment_id", "pair_id", "annotator", "kind", "reason", "at")
        }
        return pa.table(columns, schema=table.schema)

    forger = Forger(path=path)
    forger.table("skips", add)
    forger.manifest(lambda data: data["counts"].update(skips=len(rows)))


def test_judgments_with_the_request_shown_come_in_and_are_not_judged_on_here(dataset: Path) -> None:
    row = rows_of(dataset)[0]
    memes = [meme.meme_id for meme in Dataset.open(dataset).memes()]
    request = {**dict.fromkeys(("intensity", "intention", "scene", "style"), ""), "emotion": "joy", "keywords": ["a"]}  # fmt: skip
    for meme in (row.left_id, row.right_id):
        Forger(path=dataset).value("memes", memes.index(meme), "request", request)
    change(dataset, 0, request_shown=True, question="relevant")
    report = take(dataset)
    assert (report.judgments, report.left_out) == (30, {})
    judgment = Judgment.objects.select_related("pair__group").get(request_shown=True)
    assert judgment.question == "relevant"
    assert not judgment.pair.group.active


def test_a_template_without_a_picture_is_left_out_with_its_memes_and_answers(
    world: World, tmp_path: Path
) -> None:
    bare = synthetic_world(templates=1, memes_per_template=4, annotators=3, seed=1, picture_size=None)
    bare.write(tmp_path / "bare", 6)
    Forger(path=tmp_path / "bare").manifest(lambda data: data.update(licence=OURS))
    report = take(tmp_path / "bare")
    assert (report.templates, report.memes, report.judgments, report.annotators) == (0, 0, 0, 0)
    assert report.left_out == {"no picture": 1, "about something left out": 10}
    assert not User.objects.exists()


# --- the command ----------------------------------------------------------------------------------------------------------------


def test_the_command_says_what_came_in_and_keeps_all_of_it(
    dataset: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], settings: Settings
) -> None:
    change(dataset, 7, is_gold=True)
    call_command("import_dataset", str(dataset), "--report", str(tmp_path / "report.json"))
    text = capsys.readouterr().out
    assert "judgments" in text
    assert "29" in text
    assert "gold pair" in text
    kept = json.loads((tmp_path / "report.json").read_text())
    assert kept["judgments"] == {"added": 29, "known": 0, "surplus": 0}
    assert kept["left_out"] == {"gold pair": 1}


def test_another_licence_is_refused_unless_it_is_accepted(dataset: Path) -> None:
    Forger(path=dataset).manifest(lambda data: data.update(licence="CC0-1.0"))
    with pytest.raises(CommandError, match=r"licence: its judgments stand under 'CC0-1\.0'"):
        call_command("import_dataset", str(dataset))
    assert not MemeTemplate.objects.exists()
    call_command("import_dataset", str(dataset), "--accept-licence")
    assert Judgment.objects.count() == 30


def test_a_damaged_dataset_is_refused_before_anything_is_stored(dataset: Path) -> None:
    with (dataset / "judgments.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(CommandError, match=r"judgments\.parquet"):
        call_command("import_dataset", str(dataset))
    assert not MemeTemplate.objects.exists()


def test_a_folder_that_is_no_dataset_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"manifest\.json"):
        call_command("import_dataset", str(tmp_path))
