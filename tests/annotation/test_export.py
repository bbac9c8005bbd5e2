"""From the database to a dataset directory, read back by the reader that training uses."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.models import F
from django.utils import timezone
from PIL import Image

from annotation.export import Filters, export_dataset
from annotation.models import Assignment, Consent, Judgment, Meme, Skip, User
from annotation.queries.dataset import dataset_counts
from annotation.services import judging, people
from annotation.services.memes import Caption, add_memes, add_template
from corpus.comparisons import Outcome
from corpus.dataset import Dataset
from tests.annotation.builders import BOXES, make_annotator

pytestmark = pytest.mark.django_db(transaction=True)


def picture(colour: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (60, 40), colour).save(buffer, "PNG")
    return buffer.getvalue()


def judge(annotator: User, count: int = 1) -> list[Judgment]:
    """Judgments old enough to be exported."""
    made = []
    for _ in range(count):
        assignment = judging.lease_pair(annotator=annotator)
        assert assignment is not None
        answered = judging.record_judgment(
            annotator=annotator,
            assignment_id=assignment.pk,
            token=uuid4(),
            outcome=Outcome.LEFT,
            response_ms=700,
        )
        assert isinstance(answered.answer, Judgment)
        made.append(answered.answer)
    return made


@pytest.fixture
def memes() -> list[Meme]:
    template = add_template(
        slug="red", name="Red", picture=picture(), boxes=BOXES, source="here", licence="CC0-1.0"
    )
    captions = [Caption(texts=[f"joke {number}"]) for number in range(5)]
    captions.append(
        Caption(
            texts=["machine"],
            origin="generator",
            generator="v1",
            request={"emotion": "love", "keywords": ["a"]},
        )
    )
    return add_memes(template=template, captions=captions).added


def age() -> None:
    """Ten minutes pass: nothing so far can be taken back any more."""
    ago = timedelta(minutes=10)
    Judgment.objects.update(judged_at=F("judged_at") - ago, shown_at=F("shown_at") - ago)
    Skip.objects.update(at=F("at") - ago)
    Consent.objects.update(given_at=F("given_at") - ago)


def export(path: Path, **filters: object) -> Dataset:
    age()
    export_dataset(path=path, filters=Filters(**filters))  # type: ignore[arg-type]  # keywords of a test
    return Dataset.open(path)


def test_what_was_judged_comes_back_in_shown_order(memes: list[Meme], tmp_path: Path) -> None:
    given = judge(make_annotator(), 3)
    dataset = export(tmp_path / "out")
    rows = list(dataset.judgments())
    assert [int(row.judgment_id) for row in rows] == [judgment.pk for judgment in given]
    for row, judgment in zip(rows, given, strict=True):
        judgment.refresh_from_db()
        pair = judgment.pair
        shown = (pair.second_id, pair.first_id) if judgment.swapped else (pair.first_id, pair.second_id)
        assert (int(row.left_id), int(row.right_id)) == shown
        assert (row.outcome, row.response_ms, row.judged_at) == (Outcome.LEFT, 700, judgment.judged_at)
        assert row.propensity == pytest.approx(judgment.assignment.propensity)
    assert {meme.texts for meme in dataset.memes()} == {tuple(meme.texts) for meme in memes}
    (template,) = dataset.templates()
    assert dataset.picture(template.template_id) == picture()


def test_the_same_database_and_cut_off_give_the_same_hash(memes: list[Meme], tmp_path: Path) -> None:
    judge(make_annotator(), 3)
    age()
    cutoff = timezone.now() - timedelta(minutes=2)
    hashes = {export_dataset(path=tmp_path / name, cutoff=cutoff).content_hash for name in ("one", "two")}
    assert len(hashes) == 1
    judge(make_annotator("bob"))
    age()
    assert export_dataset(path=tmp_path / "three", cutoff=cutoff).content_hash not in hashes


@pytest.mark.parametrize("cutoff", [None, timedelta(days=1)])
def test_the_undo_window_is_always_left_out(
    memes: list[Meme], tmp_path: Path, cutoff: timedelta | None
) -> None:
    """Also when somebody asks for a cut-off within it, or in the future."""
    judge(make_annotator(), 2)
    export_dataset(path=tmp_path / "out", cutoff=None if cutoff is None else timezone.now() + cutoff)
    assert list(Dataset.open(tmp_path / "out").judgments()) == []


def test_what_was_taken_back_is_left_out(memes: list[Meme], tmp_path: Path) -> None:
    ann = make_annotator()
    kept, _ = judge(ann, 2)
    judging.undo_last(annotator=ann)
    assert [int(row.judgment_id) for row in export(tmp_path / "all").judgments()] == [kept.pk]


def test_simulated_annotators_are_left_out_unless_asked_for(memes: list[Meme], tmp_path: Path) -> None:
    robot = make_annotator("robot")
    User.objects.filter(pk=robot.pk).update(kind="simulated")
    judge(make_annotator("ann"), 2)
    judge(robot, 2)
    assert {row.annotator_kind for row in export(tmp_path / "people").judgments()} == {"person"}
    both = export(tmp_path / "both", kinds=("person", "simulated"))
    assert sorted(row.annotator_kind for row in both.judgments()) == ["person"] * 2 + ["simulated"] * 2


def test_withdrawn_consent_takes_judgments_out_and_a_new_one_does_not_bring_the_old_back(
    memes: list[Meme], tmp_path: Path
) -> None:
    ann, bob = make_annotator("ann"), make_annotator("bob")
    judge(ann, 2)
    (other,) = judge(bob)
    people.withdraw_consent(annotator=ann)
    assert [int(row.judgment_id) for row in export(tmp_path / "without").judgments()] == [other.pk]
    people.give_consent(annotator=ann)
    (fresh,) = judge(ann)
    assert [int(row.judgment_id) for row in export(tmp_path / "again").judgments()] == [other.pk, fresh.pk]
    assert dataset_counts()["judgments"] == 2


def test_pseudonyms_hold_within_a_scope_and_tell_nothing_across(memes: list[Meme], tmp_path: Path) -> None:
    judge(make_annotator(), 2)
    names = [
        {row.annotator for row in export(tmp_path / str(number), pseudonym_scope=scope).judgments()}
        for number, scope in enumerate(["public", "public", "partner"])
    ]
    assert names[0] == names[1] != names[2]
    assert all(len(name) == 1 and "ann" not in next(iter(name)) for name in names)


def test_skips_and_flags_come_along_and_are_no_judgments(memes: list[Meme], tmp_path: Path) -> None:
    ann = make_annotator()
    for reason in (None, Skip.Reason.BROKEN):
        assignment = judging.lease_pair(annotator=ann)
        assert assignment is not None
        judging.record_skip(annotator=ann, assignment_id=assignment.pk, token=uuid4(), reason=reason)
    dataset = export(tmp_path / "out")
    assert [(row.kind, row.reason) for row in dataset.skips()] == [("skip", None), ("flag", "broken")]
    assert list(dataset.judgments()) == []


def test_a_late_judgment_is_marked_surplus(memes: list[Meme], tmp_path: Path) -> None:
    ann = make_annotator()
    (judgment,) = judge(ann)
    Assignment.objects.filter(pk=judgment.assignment_id).update(slot=None)
    Judgment.objects.filter(pk=judgment.pk).update(slot=None, surplus=True)
    assert [row.surplus for row in export(tmp_path / "out").judgments()] == [True]


def test_the_command_says_what_it_wrote_and_refuses_a_taken_path(
    memes: list[Meme], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("export_dataset", tmp_path / "out", "--drawn")
    said = capsys.readouterr().out
    assert "1 templates" in said
    assert Dataset.open(tmp_path / "out").manifest.content_hash in said
    with pytest.raises(CommandError, match="out"):
        call_command("export_dataset", tmp_path / "out")
