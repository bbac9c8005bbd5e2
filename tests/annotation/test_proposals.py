"""Captions that people propose: who may, for what, how many, and what they are told."""

from __future__ import annotations

import io
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from annotation.errors import ConsentMissing, ProposalRefused
from annotation.models import BlockedPhrase, Decision, Group, Meme, MemeTemplate, Role, Takedown, User
from annotation.services.meme_templates import retire_template, upload_template
from annotation.services.people import create_user
from annotation.services.proposals import propose_caption
from annotation.services.takedowns import take_down
from tests.annotation.builders import make_annotator
from tests.annotation.test_interleavings import all_at_once

pytestmark = pytest.mark.django_db


def picture(colour: str = "teal") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (120, 90), colour).save(buffer, "PNG")
    return buffer.getvalue()


def open_template(colour: str = "teal", name: str = "Two words") -> MemeTemplate:
    root = User.objects.filter(username="root").first()
    by = root or make_annotator("root", roles=frozenset({Role.ADMIN}))
    template = upload_template(by=by, name=name, picture=picture(colour)).template
    MemeTemplate.objects.filter(pk=template.pk).update(proposals_open=True)
    template.refresh_from_db()
    return template


def propose(by: User, template: MemeTemplate, *texts: str, language: str = "en") -> Meme:
    return propose_caption(by=by, template_id=template.pk, texts=texts, language=language)


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def send(client: Client, template: MemeTemplate, one: str = "top", two: str = "", **fields: str) -> Any:
    said = {"text-1": one, "text-2": two, "language": "en", **fields}
    return client.post(reverse("propose_for", args=[template.pk]), said)


def test_a_proposed_caption_waits_for_moderation_and_is_in_no_group() -> None:
    ann, template = make_annotator(), open_template()
    answer = send(client_of(ann), template, "  when   it\u202e works ", "it ships", language="zh-hans")
    assert answer.status_code == HTTPStatus.FOUND
    meme = Meme.objects.get()
    assert (meme.texts, meme.language) == (["when it works", "it ships"], "zh-hans")
    assert (meme.status, meme.origin, meme.proposed_by) == ("pending", "human", ann)
    assert not Group.objects.exists()


def test_only_open_meme_templates_take_proposals() -> None:
    ann = make_annotator()
    shut, retired, down, bare = (open_template(colour, colour) for colour in ("red", "green", "blue", "pink"))
    MemeTemplate.objects.filter(pk=shut.pk).update(proposals_open=False)
    retire_template(template=retired)
    Takedown.objects.create(template=down, reason="asked to")
    MemeTemplate.objects.filter(pk=bare.pk).update(picture="")
    still_open = open_template("white", "white")
    client = client_of(ann)
    page = client.get(reverse("propose")).content.decode()
    for template in (shut, retired, down, bare):
        assert reverse("propose_for", args=[template.pk]) not in page
        assert send(client, template).status_code == HTTPStatus.NOT_FOUND
        preview = client.post(reverse("propose_preview", args=[template.pk]), {"text-1": "x"})
        assert preview.status_code == HTTPStatus.NOT_FOUND
        with pytest.raises(ProposalRefused, match="takes no proposals"):
            propose(ann, template, "one", "two")
    assert reverse("propose_for", args=[still_open.pk]) in page
    assert not Meme.objects.exists()


@pytest.mark.parametrize(
    "state", [{"is_guest": True}, {"paused_at": timezone.now(), "paused_because": "spam"}]
)
def test_guests_and_paused_people_cannot_propose(state: dict[str, Any]) -> None:
    ann, template = make_annotator(), open_template()
    User.objects.filter(pk=ann.pk).update(**state)
    client = client_of(ann)
    assert reverse("propose_for", args=[template.pk]) not in client.get(reverse("propose")).content.decode()
    assert send(client, template)["Location"] == reverse("propose")
    preview = client.post(reverse("propose_preview", args=[template.pk]), {"text-1": "x", "language": "en"})
    assert preview.status_code == HTTPStatus.CONFLICT
    with pytest.raises(ProposalRefused, match="not paused"):
        propose(ann, template, "one", "two")
    assert not Meme.objects.exists()


def test_nobody_proposes_without_consent() -> None:
    template = open_template()
    new = create_user(username="new", password="a long password")
    client = client_of(new)
    assert client.get(reverse("propose"))["Location"] == reverse("welcome")
    assert send(client, template)["Location"] == reverse("welcome")
    with pytest.raises(ConsentMissing):
        propose(new, template, "one", "two")


@pytest.mark.parametrize("status", Meme.Status.values)
def test_a_caption_that_is_there_already_is_refused_without_telling_what_became_of_it(status: str) -> None:
    template = open_template()
    propose(make_annotator("first"), template, "When it works", "")
    Meme.objects.update(status=status)
    answer = send(client_of(make_annotator("second")), template, "  when it WORKS")
    page = answer.content.decode()
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "this one is there already" in page
    assert not any(word in page for word in ("pending", "retired", "waiting for moderation"))
    assert "  when it WORKS" in page  # the form is kept
    assert Meme.objects.count() == 1


def test_a_caption_that_was_taken_down_cannot_be_proposed_again() -> None:
    ann, template = make_annotator(), open_template()
    take_down(meme=propose(ann, template, "a name", ""), reason="private", by=None)
    with pytest.raises(ProposalRefused, match="there already"):
        propose(ann, template, "a name", "")


def test_blocked_words_are_refused_and_not_repeated() -> None:
    BlockedPhrase.objects.create(phrase="voldemort")
    template = open_template()
    answer = send(client_of(make_annotator()), template, "it is Voldemort", "again")
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "holds words that are not let in" in answer.content.decode()
    assert not Meme.objects.exists()


@pytest.mark.parametrize("one", ["long " * 60, "中文"])
def test_a_caption_that_cannot_be_seen_whole_is_refused(one: str, settings: Settings) -> None:
    settings.CJK_FONT = settings.EMOJI_FONT = ""
    template = open_template()
    narrow = [{**box, "w": 0.2, "h": 0.12} for box in template.boxes]
    MemeTemplate.objects.filter(pk=template.pk).update(boxes=narrow)
    answer = send(client_of(make_annotator()), template, one)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    page = answer.content.decode()
    assert "Not all of it can be seen on the picture" in page
    assert one in page  # the form is kept
    assert not Meme.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"one": ""},
        {"one": "\u200b"},
        {"one": "x" * 301},
        {"one": "a\x00b"},
        {"language": "xx"},
        {"language": ""},
    ],
)
def test_bad_captions_are_a_422_and_store_nothing(fields: dict[str, str]) -> None:
    answer = send(client_of(make_annotator()), open_template(), **fields)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Meme.objects.exists()


def test_hostile_captions_are_text_on_the_page_and_markup_nowhere() -> None:
    ann, template = make_annotator(), open_template("red", "<script>alert(0)</script>")
    propose(ann, template, "<script>alert(1)</script>", '"><img src=x onerror=alert(2)>')
    client = client_of(ann)
    for path in (reverse("propose"), reverse("propose_for", args=[template.pk])):
        page = client.get(path).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page


def test_somebody_proposes_so_many_a_day_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Meme, "MAX_PROPOSALS_A_DAY", 2)
    ann, template = make_annotator(), open_template()
    for number in range(2):
        propose(ann, template, f"joke {number}", "")
    with pytest.raises(ProposalRefused, match="enough"):
        propose(ann, template, "joke 3", "")
    assert "at most 2 a day" in send(client_of(ann), template, "joke 3").content.decode()
    propose(make_annotator("somebody-else"), template, "joke 4", "")
    Meme.objects.filter(proposed_by=ann).update(created_at=timezone.now() - timedelta(days=1, minutes=1))
    propose(ann, template, "joke 3", "")


@pytest.mark.django_db(transaction=True)
def test_the_limit_of_a_day_holds_for_many_windows_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Meme, "MAX_PROPOSALS_A_DAY", 3)
    ann, templates = make_annotator(), [open_template("red", "One"), open_template("blue", "Other")]
    refusals: list[str] = []

    def send_one(number: int) -> None:
        try:
            propose(ann, templates[number % 2], f"joke {number}", "")
        except ProposalRefused as refused:
            refusals.append(refused.reason)

    all_at_once([partial(send_one, number) for number in range(6)])
    assert refusals == [ProposalRefused.ENOUGH] * 3
    assert Meme.objects.count() == 3


def test_people_see_their_own_proposals_and_what_became_of_them_and_nobody_else_s() -> None:
    ann, bob, template = make_annotator("ann"), make_annotator("bob"), open_template()
    waiting, active, refused, down = (propose(ann, template, f"joke {n}", "") for n in range(4))
    theirs = propose(bob, template, "somebody else's", "")
    Meme.objects.filter(pk=active.pk).update(status="active")
    Meme.objects.filter(pk=refused.pk).update(status="retired")
    decided = partial(Decision.objects.create, meme=refused, action="retire", was="pending")
    decided(reason="names a private person")
    decided(reason="a slip of the hand", undone_at=timezone.now())
    take_down(meme=down, reason="secret reason", by=None)
    page = client_of(ann).get(reverse("propose")).content.decode()
    for words in ("waiting for moderation", "in: people judge it", "not shown", "names a private person", "taken down"):  # fmt: skip
        assert words in page
    assert waiting.picture in page
    assert theirs.picture not in page
    assert down.picture not in page
    assert "secret reason" not in page
    assert "a slip of the hand" not in page


def test_the_preview_of_a_caption_is_drawn_with_the_template_s_own_boxes() -> None:
    ann, template = make_annotator(), open_template()
    address = reverse("propose_preview", args=[template.pk])
    said = {"text-1": "Hello", "text-2": "", "language": "en"}
    answers = [
        client_of(ann).post(address, said | more) for more in ({}, {"text-1": "Bye"}, {"box-0-x": "9"})
    ]
    assert {answer["Content-Type"] for answer in answers} == {"image/jpeg"}
    assert answers[0].content == answers[2].content != answers[1].content
    assert client_of(ann).post(address, {"text-1": "x" * 301, "language": "en"}).status_code == 422
    assert not Meme.objects.exists()
