"""What is taken down is gone: from pairing, practice, storage and datasets; for good, and also after a crash."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from annotation import tasks
from annotation.errors import DecidedMeanwhile, TakenDown
from annotation.export import export_dataset
from annotation.models import Group, Judgment, Meme, MemeTemplate, PracticePair, Role, Skip, Takedown, User
from annotation.queries.dataset import count_dataset
from annotation.queries.judging import practice_left
from annotation.services import judging, moderation, takedowns
from annotation.services.memes import Caption, add_memes, add_template
from annotation.services.takedowns import take_down
from corpus.dataset import Dataset
from corpus.errors import DatasetError
from tests.annotation.builders import BOXES, make_annotator
from tests.annotation.test_export import age, judge, picture
from tests.annotation.test_interleavings import Person, all_at_once, assert_nothing_went_wrong, live
from tests.annotation.test_judging import assert_counters_agree
from tests.annotation.test_views import signed_in

pytestmark = pytest.mark.django_db(transaction=True)


def make_admin() -> User:
    return make_annotator("admin", roles=frozenset({Role.ADMIN}))


def draw(slug: str, colour: str, count: int = 4) -> list[Meme]:
    """Drawn memes of one meme template."""
    template = add_template(slug=slug, name=slug.title(), picture=picture(colour), boxes=BOXES)
    return add_memes(
        template=template, captions=[Caption(texts=[f"{slug} {number}"]) for number in range(count)]
    ).added


def dataset_of(path: Path) -> Dataset:
    age()
    export_dataset(path=path)
    return Dataset.open(path)


# --- one meme ---------------------------------------------------------------------------------------------------------------------


def test_a_meme_taken_down_loses_picture_and_texts_and_is_judged_no_more() -> None:
    ann, memes = make_annotator(), draw("red", "red")
    judge(ann, 3)
    gone = Judgment.objects.earliest("pk").pair.first
    client = signed_in(ann)
    response = client.get(reverse("picture", args=[gone.picture]))
    response.close()
    assert response.status_code == HTTPStatus.OK
    takedown = take_down(meme=gone, reason="it shows me", by=None)
    assert client.get(reverse("picture", args=[gone.picture])).status_code == HTTPStatus.NOT_FOUND
    now = Meme.objects.get(pk=gone.pk)
    assert (now.status, now.texts, now.texts_key) == ("retired", [], gone.texts_key)
    assert (takedown.reason, Takedown.objects.get().finished_at is None) == ("it shows me", False)
    assert Judgment.objects.count() == 3
    served = judging.next_assignments(annotator=ann, count=5)
    assert served
    assert all(gone.pk not in (one.pair.first_id, one.pair.second_id) for one in served)
    others = [meme for meme in memes if meme.pk != gone.pk]
    assert all(default_storage.exists(meme.picture) for meme in others)
    assert_counters_agree()


def test_it_cannot_come_back_by_restoring_undoing_or_importing() -> None:
    admin, memes = make_admin(), draw("red", "red")
    moderation.retire(meme_id=memes[0].pk, by=admin)
    take_down(meme=memes[0], reason="rights", by=admin)
    for act in (
        partial(moderation.restore, meme_id=memes[0].pk, by=admin),
        partial(moderation.undo_decision, by=admin),
    ):
        with pytest.raises(TakenDown):
            act()
    again = add_memes(template=memes[0].template, captions=[Caption(texts=["red 0"])])
    assert (again.added, again.known) == ([], 1)
    assert Meme.objects.get(pk=memes[0].pk).status == "retired"


def test_a_second_takedown_changes_nothing() -> None:
    (meme, *_) = draw("red", "red")
    first = take_down(meme=meme, reason="one", by=None)
    assert take_down(meme=meme, reason="two", by=None) == first
    assert Takedown.objects.get().reason == "one"


def test_a_picture_that_another_meme_needs_is_kept_until_that_is_gone_too() -> None:
    (meme, *_) = draw("red", "red", 2)
    twin = Meme.objects.create(
        template=meme.template,
        language="de",
        texts=meme.texts,
        texts_key=meme.texts_key,
        picture=meme.picture,
        renderer_version="1",
    )
    take_down(meme=meme, reason="rights", by=None)
    assert default_storage.exists(meme.picture)
    take_down(meme=twin, reason="rights", by=None)
    assert not default_storage.exists(meme.picture)


# --- a meme template --------------------------------------------------------------------------------------------------------------


def test_all_memes_go_with_their_template_and_others_stay() -> None:
    ann, red, blue = make_annotator(), draw("red", "red"), draw("blue", "blue", 3)
    judge(ann, 4)
    template = red[0].template
    take_down(template=template, reason="rights", by=None)
    assert not default_storage.exists(template.picture)
    assert not any(default_storage.exists(meme.picture) for meme in red)
    assert all(default_storage.exists(meme.picture) for meme in blue)
    assert default_storage.exists(blue[0].template.picture)
    assert set(Meme.objects.filter(template=template).values_list("status", flat=True)) == {"retired"}
    assert not any(Meme.objects.filter(template=template).values_list("texts", flat=True)[:])
    template.refresh_from_db()
    assert (template.status, template.proposals_open) == ("retired", False)
    assert Group.objects.get(template=template).active is False
    while following := judging.lease_pair(annotator=ann):
        assert following.group.template_id != template.pk
    assert Judgment.objects.count() == 4
    assert_counters_agree()


def test_neither_its_picture_nor_a_new_meme_of_it_comes_in_again() -> None:
    (meme, *_) = draw("red", "red")
    take_down(template=meme.template, reason="rights", by=None)
    with pytest.raises(TakenDown):
        add_template(slug="again", name="Again", picture=picture("red"), boxes=BOXES)
    with pytest.raises(TakenDown):
        add_memes(template=meme.template, captions=[Caption(texts=["new"])])
    assert Meme.objects.filter(template=meme.template).count() == 4


def test_a_pending_meme_of_it_cannot_be_approved() -> None:
    (meme, *_) = draw("red", "red")
    captions = [Caption(texts=["soon"], status=Meme.Status.PENDING)]
    (waiting,) = add_memes(template=meme.template, captions=captions).added
    take_down(template=meme.template, reason="rights", by=None)
    with pytest.raises(TakenDown):
        moderation.approve_meme(meme_id=waiting.pk, by=None)


def test_its_practice_pairs_vanish() -> None:
    ann, red, blue = make_annotator(), draw("red", "red"), draw("blue", "blue")
    for memes in (red, blue):
        PracticePair.objects.create(better=memes[0], worse=memes[1], why="It is.")
    take_down(template=red[0].template, reason="rights", by=None)
    assert [pair.better for pair in practice_left(ann)] == [blue[0]]


# --- the dataset ------------------------------------------------------------------------------------------------------------------


def test_the_dataset_holds_nothing_of_it_and_is_whole(tmp_path: Path) -> None:
    """The reader checks that every judgment's memes and templates are there, and every hash."""
    ann, bob = make_annotator("ann"), make_annotator("bob")
    red, blue = draw("red", "red"), draw("blue", "blue")
    judge(ann, 8)
    assignment = judging.lease_pair(annotator=bob)
    assert assignment is not None
    judging.record_skip(annotator=bob, assignment_id=assignment.pk, token=uuid4())
    one = Judgment.objects.filter(pair__group__template=blue[0].template).earliest("pk").pair.first
    take_down(template=red[0].template, reason="rights", by=None)
    take_down(meme=one, reason="rights", by=None)
    dataset = dataset_of(tmp_path / "out")
    assert [template.name for template in dataset.templates()] == ["Blue"]
    left = {meme.pk for meme in blue} - {one.pk}
    assert {int(meme.meme_id) for meme in dataset.memes()} == left
    expected = Judgment.objects.filter(pair__first__in=left, pair__second__in=left)
    assert [int(row.judgment_id) for row in dataset.judgments()] == list(
        expected.order_by("pk").values_list("pk", flat=True)
    )
    assert 0 < expected.count() < Judgment.objects.count()
    pairs = {skip.pair_id for skip in dataset.skips()}
    kept = Skip.objects.filter(pair__first__in=left, pair__second__in=left)
    assert pairs == {f"{pk:012d}" for pk in kept.values_list("pair", flat=True)}
    counts = count_dataset()
    assert counts["judgments"] == expected.count() == dataset.manifest.counts["judgments"]
    assert (counts["memes"], counts["templates"]) == (len(left), 1)


def test_the_same_database_gives_the_same_hash_before_and_after(tmp_path: Path) -> None:
    ann, memes = make_annotator(), draw("red", "red")
    judge(ann, 4)
    age()
    cutoff = timezone.now() - timedelta(minutes=2)

    def content(name: str) -> str:
        return export_dataset(path=tmp_path / name, cutoff=cutoff).content_hash

    before = content("one")
    assert content("two") == before
    take_down(meme=memes[0], reason="rights", by=None)
    after = content("three")
    assert after != before
    takedowns.finish_takedowns()
    assert content("four") == after


def test_proposals_that_wait_or_were_turned_down_are_in_no_dataset(tmp_path: Path) -> None:
    """And one that was shown until its approval was taken back stays: there are judgments about it."""
    admin, ann = make_admin(), make_annotator()
    template = add_template(slug="red", name="Red", picture=picture(), boxes=BOXES)
    captions = [Caption(texts=[f"joke {number}"], status=Meme.Status.PENDING) for number in range(4)]
    memes = add_memes(template=template, captions=captions).added
    moderation.retire(meme_id=memes[0].pk, by=admin)
    for meme in memes[2:]:
        moderation.approve_meme(meme_id=meme.pk, by=admin)
    judge(ann)
    moderation.undo_decision(by=admin)
    assert Meme.objects.get(pk=memes[3].pk).status == "pending"
    dataset = dataset_of(tmp_path / "out")
    assert {int(meme.meme_id) for meme in dataset.memes()} == {memes[2].pk, memes[3].pk}
    assert len(list(dataset.judgments())) == 1


def test_a_picture_gone_while_a_dataset_is_written_is_said_without_a_path(tmp_path: Path) -> None:
    (meme, *_) = draw("red", "red")
    default_storage.delete(meme.template.picture)
    with pytest.raises(DatasetError, match="meme template red is gone") as caught:
        export_dataset(path=tmp_path / "out")
    assert str(tmp_path) not in str(caught.value)
    assert not (tmp_path / "out").exists()


# --- the bytes, whatever happens --------------------------------------------------------------------------------------------------


def test_pictures_are_deleted_only_once_the_rows_are_committed(monkeypatch: pytest.MonkeyPatch) -> None:
    (meme, *_) = draw("red", "red")

    def fail(*_: object) -> None:
        raise RuntimeError("out of power")

    monkeypatch.setattr(takedowns, "_record", fail)
    with pytest.raises(RuntimeError, match="out of power"):
        take_down(template=meme.template, reason="rights", by=None)
    assert default_storage.exists(meme.picture)
    assert default_storage.exists(meme.template.picture)
    assert Meme.objects.get(pk=meme.pk).texts == ["red 0"]
    assert_counters_agree()


class FailingOnce:
    """A storage that breaks at its second deletion, then works again."""

    calls = 0

    def delete(self, name: str) -> None:
        self.calls += 1
        if self.calls == 2:
            raise OSError("the storage is away")
        default_storage.delete(name)


def test_what_a_crash_left_behind_is_deleted_by_the_task(monkeypatch: pytest.MonkeyPatch) -> None:
    memes = draw("red", "red")
    template = memes[0].template
    monkeypatch.setattr(takedowns, "default_storage", FailingOnce())
    take_down(template=template, reason="rights", by=None)
    assert Takedown.objects.get().finished_at is None
    assert any(default_storage.exists(meme.picture) for meme in memes)
    assert tasks.finish_takedowns() == 1
    assert not any(default_storage.exists(meme.picture) for meme in memes)
    assert not default_storage.exists(template.picture)
    assert Takedown.objects.get().finished_at is not None
    assert tasks.finish_takedowns() == 0


class Refusing:
    """A storage that never lets one picture go."""

    def __init__(self, name: str) -> None:
        self.name = name

    def delete(self, name: str) -> None:
        if name == self.name:
            raise PermissionError("not this one")
        default_storage.delete(name)


def test_a_picture_that_cannot_be_deleted_keeps_no_other_takedown_waiting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stuck, *_ = draw("red", "red")
    other, *_ = draw("blue", "blue")
    for meme in (stuck, other):
        Takedown.objects.create(meme=meme, reason="rights")  # as a crash after the commit leaves them
    monkeypatch.setattr(takedowns, "default_storage", Refusing(stuck.picture))
    with pytest.raises(PermissionError, match="not this one"):
        tasks.finish_takedowns()
    assert Takedown.objects.get(finished_at=None).meme == stuck
    assert not default_storage.exists(other.picture)
    assert default_storage.exists(stuck.picture)


# --- at once ----------------------------------------------------------------------------------------------------------------------


def test_a_template_is_taken_down_while_people_judge_and_moderators_decide(settings: Settings) -> None:
    settings.REPLICATION = 2
    red, _ = draw("red", "red", 6), draw("blue", "blue", 5)
    people = [Person(make_annotator(f"a{n}")) for n in range(3)]
    admin = make_admin()
    works: list[Callable[[], object]] = [
        partial(live, person, random.Random(11 + n)) for n, person in enumerate(people)
    ]
    works.append(partial(decide, admin, red, random.Random(5)))
    works.append(partial(take_down, template=red[0].template, reason="rights", by=admin))
    works.append(partial(take_down, meme=red[1], reason="rights", by=admin))
    works.append(partial(bring, red[0].template))
    all_at_once(works)
    assert_nothing_went_wrong(people)
    rows = Meme.objects.filter(template=red[0].template)
    assert set(rows.values_list("status", flat=True)) == {"retired"}
    assert not any(rows.values_list("texts", flat=True)[:])
    assert not any(default_storage.exists(meme.picture) for meme in rows)
    group = Group.objects.get(template=red[0].template)
    assert (group.active, group.size, group.pairs.filter(active=True).count()) == (False, 0, 0)


def decide(admin: User, memes: list[Meme], chance: random.Random) -> None:
    for _ in range(12):
        act = chance.choice([moderation.retire, moderation.restore])
        try:
            act(meme_id=chance.choice(memes).pk, by=admin)
        except (DecidedMeanwhile, TakenDown):
            continue


def bring(template: MemeTemplate) -> None:
    for number in range(8):
        try:
            add_memes(template=template, captions=[Caption(texts=[f"late {number}"])])
        except (TakenDown, FileNotFoundError):
            return


# --- the command and the pages ----------------------------------------------------------------------------------------------------


def test_the_command_takes_down_says_so_and_may_be_run_again(capsys: pytest.CaptureFixture[str]) -> None:
    red, blue = draw("red", "red"), draw("blue", "blue")
    admin = make_admin()
    call_command("takedown", "--template", "red", "--reason", "rights", "--by", "admin")
    call_command("takedown", "--meme", str(blue[0].pk), "--reason", "it shows me")
    assert "rights" in capsys.readouterr().out
    assert {row.reason: row.by for row in Takedown.objects.all()} == {"rights": admin, "it shows me": None}
    default_storage.save(red[0].picture, ContentFile(b"left behind"))
    Takedown.objects.update(finished_at=None)
    call_command("takedown", "--template", "red", "--reason", "again")
    assert not default_storage.exists(red[0].picture)
    assert Takedown.objects.filter(finished_at=None).count() == 0
    call_command("takedown", "--finish")
    assert "0 takedowns" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--meme", "999", "--reason", "x"], "there is no meme 999"),
        (["--template", "nope", "--reason", "x"], "there is no meme template 'nope'"),
        (["--template", "red"], "--reason"),
        (["--template", "red", "--reason", "  "], "--reason"),
        (["--template", "red", "--reason", "x" * 301], "300"),
        (["--template", "red", "--reason", "x", "--by", "nobody"], "there is no account 'nobody'"),
        (["--template", "red", "--meme", "1", "--reason", "x"], "not allowed with"),
        ([], "required"),
    ],
)
def test_the_command_refuses_in_one_sentence(arguments: list[str], said: str) -> None:
    draw("red", "red", 1)
    with pytest.raises(CommandError, match=said):
        call_command("takedown", *arguments)
    assert not Takedown.objects.exists()
    assert MemeTemplate.objects.get().status == "active"


def test_the_page_asks_first_and_needs_a_reason_and_a_tick() -> None:
    (meme, *_), client = draw("red", "red"), signed_in(make_admin())
    address = reverse("take_down_template", args=[meme.template_id])
    page = client.get(address).content.decode()
    assert "4 memes made of it" in page
    for fields in ({}, {"reason": "rights"}, {"sure": "on"}, {"reason": "x" * 301, "sure": "on"}):
        assert client.post(address, fields).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Takedown.objects.exists()
    assert client.post(address, {"reason": "rights", "sure": "on"}).status_code == HTTPStatus.FOUND
    assert Takedown.objects.get().template_id == meme.template_id
    assert "Taken down on" in client.get(address).content.decode()
    log = client.get(reverse("moderation") + "?show=decided").content.decode()
    assert "rights" in log
    assert client.get(f"{reverse('moderation')}?meme={meme.pk}").status_code == HTTPStatus.OK
    assert client.get(reverse("take_down_meme", args=[999])).status_code == HTTPStatus.NOT_FOUND


def test_one_meme_is_taken_down_from_its_page() -> None:
    (meme, *_), client = draw("red", "red"), signed_in(make_admin())
    address = reverse("take_down_meme", args=[meme.pk])
    assert "Its picture is deleted" in client.get(address).content.decode()
    client.post(address, {"reason": "it shows me", "sure": "on"})
    assert Takedown.objects.get().meme == meme
    assert not default_storage.exists(meme.picture)
    assert "taken down" in client.get(f"{reverse('moderation')}?meme={meme.pk}").content.decode()
