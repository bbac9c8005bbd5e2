"""Accounts: roles, pauses, limits, one's own page, leaving, letters; and what strangers can not find out."""

from __future__ import annotations

import csv
import io
import json
import re
import threading
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from annotation import pace
from annotation.errors import AnnotatorPaused, LastAdmin, TooManyAnswers
from annotation.models import (
    ApiToken,
    Assignment,
    Invitation,
    Judgment,
    Meme,
    MemeTemplate,
    Role,
    Skip,
    User,
)
from annotation.services import judging, people
from annotation.services.invitations import create_invitation
from annotation.services.people import create_user
from corpus.comparisons import Outcome
from tests.annotation.builders import make_annotator, make_group, make_template
from tests.annotation.test_export import export
from tests.annotation.test_judging import assert_counters_agree, judge, lease
from tests.annotation.test_views import front, signed_in

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def make_admin(name: str = "root") -> User:
    return make_annotator(name, roles=frozenset({Role.ADMIN}))


def make_guest() -> User:
    guest = make_annotator("guest-7f3k9a")
    guest.set_unusable_password()
    guest.is_guest = True
    guest.save()
    return guest


def again(user: User) -> User:
    """The person as the next request finds them."""
    return User.objects.get(pk=user.pk)


# --- pausing --------------------------------------------------------------------------------------------------------------------


def paused(user: User) -> User:
    people.pause_person(person=user, reason="Please write to us.")
    return again(user)


def test_a_paused_person_gets_no_new_pair() -> None:
    make_group(4)
    ann = paused(make_annotator())
    with pytest.raises(AnnotatorPaused, match="Please write to us"):
        judging.next_assignments(annotator=ann)
    with pytest.raises(AnnotatorPaused):
        judging.lease_pair(annotator=ann)
    assert not Assignment.objects.exists()


def test_what_a_paused_person_answers_to_pairs_they_hold_is_stored() -> None:
    make_group(5)
    ann = make_annotator()
    first, second, third = (lease(ann) for _ in range(3))
    ann = paused(ann)
    answered = judge(ann, first, outcome=Outcome.TIE)
    skipped = judging.record_skip(annotator=ann, assignment_id=second.pk, token=uuid4())
    assert answered.next_assignment is skipped.next_assignment is None
    assert Judgment.objects.get().outcome == "tie"
    assert Skip.objects.count() == 1
    assert judging.renew_leases(annotator=ann, assignment_ids=[third.pk]) == 0, "others may have it soon"
    assert Assignment.objects.count() == 3
    assert_counters_agree()


def test_an_answer_repeated_while_paused_serves_nothing_and_stores_nothing() -> None:
    make_group(5)
    ann = make_annotator()
    assignment, token = lease(ann), uuid4()
    first = judge(ann, assignment, token=token)
    assert first.next_assignment is not None
    repeated = judge(paused(ann), assignment, token=token)
    assert (repeated.repeated, repeated.next_assignment) == (True, None)
    assert Judgment.objects.count() == 1


def test_after_the_pause_everything_is_as_before() -> None:
    make_group(5)
    ann = make_annotator()
    held = lease(ann)
    ann = paused(ann)
    people.resume_person(person=ann)
    ann = again(ann)
    assert (ann.paused_at, ann.paused_because) == (None, "")
    assert judging.next_assignments(annotator=ann) == [held]


def test_the_page_says_kindly_that_it_is_paused_and_why() -> None:
    make_group(5)
    ann = make_annotator()
    client = signed_in(ann)
    assignment, token = front(client)
    people.pause_person(person=ann, reason="<b>Three hundred</b> answers in a minute")
    page = client.get(reverse("judge")).content.decode()
    assert "Your judging is paused." in page
    assert "&lt;b&gt;Three hundred&lt;/b&gt; answers in a minute" in page
    assert "You have seen them all." not in page
    assert "<article" not in page
    script = {"hx-request": "true"}
    answer = client.post(
        reverse("answer", args=[assignment]), {"answer": "left", "token": token}, headers=script
    )
    assert answer.status_code == HTTPStatus.OK
    assert Judgment.objects.count() == 1
    for part in (answer, client.post(reverse("ahead"), headers=script)):
        assert "Three hundred" in part.content.decode()
        assert "<article" not in part.content.decode()
    assert "Three hundred" in client.get(reverse("me")).content.decode()


# --- how fast -------------------------------------------------------------------------------------------------------------------


def test_a_person_answers_so_often_a_minute_and_no_more(settings: Settings) -> None:
    settings.ANSWERS_PER_MINUTE = 5
    make_group(8)
    ann = make_annotator()
    for number in range(5):
        assignment = lease(ann)
        if number % 2:
            judging.record_skip(annotator=ann, assignment_id=assignment.pk, token=uuid4())
        else:
            judge(ann, assignment)
    sixth = lease(ann)
    with pytest.raises(TooManyAnswers) as refused:
        judge(ann, sixth)
    assert 50 <= refused.value.retry_after_s <= 60
    with pytest.raises(TooManyAnswers):
        judging.record_skip(annotator=ann, assignment_id=sixth.pk, token=uuid4())
    assert (Judgment.objects.count(), Skip.objects.count()) == (3, 2)
    assert Assignment.objects.get(pk=sixth.pk).status == "leased", "it can be answered later"


def test_the_first_answer_to_leave_the_minute_makes_room_for_one(settings: Settings) -> None:
    settings.ANSWERS_PER_MINUTE = 3
    make_group(8)
    ann = make_annotator()
    for _ in range(3):
        judge(ann, lease(ann))
    oldest = Judgment.objects.order_by("id").first()
    assert oldest
    shown = timezone.now() - timedelta(seconds=90)
    Judgment.objects.filter(pk=oldest.pk).update(
        shown_at=shown, judged_at=timezone.now() - timedelta(seconds=50)
    )
    with pytest.raises(TooManyAnswers) as refused:
        judge(ann, lease(ann))
    assert 9 <= refused.value.retry_after_s <= 10
    Judgment.objects.filter(pk=oldest.pk).update(judged_at=timezone.now() - timedelta(seconds=61))
    judge(ann, lease(ann))
    with pytest.raises(TooManyAnswers):
        judge(ann, lease(ann))


def test_an_answer_that_is_stored_already_is_never_refused(settings: Settings) -> None:
    settings.ANSWERS_PER_MINUTE = 2
    make_group(8)
    ann = make_annotator()
    token, first = uuid4(), lease(ann)
    judge(ann, first, token=token)
    judge(ann, lease(ann))
    assert judge(ann, first, token=token).repeated
    assert judge(ann, first, token=uuid4()).repeated, "another window's answer to the same pair"


def test_taking_back_makes_no_room(settings: Settings) -> None:
    settings.ANSWERS_PER_MINUTE = 3
    make_group(6)
    ann = make_annotator()
    for _ in range(3):
        judge(ann, lease(ann))
    held = judging.undo_last(annotator=ann)
    with pytest.raises(TooManyAnswers):
        judge(ann, held)


@pytest.mark.parametrize("kind", ["simulated", "judge"])
def test_programs_have_limits_of_their_own(kind: str, settings: Settings) -> None:
    settings.ANSWERS_PER_MINUTE = 1
    make_group(5)
    program = make_annotator()
    User.objects.update(kind=kind)
    program = again(program)
    for _ in range(3):
        judge(program, lease(program))


def test_one_person_s_pace_is_nobody_else_s(settings: Settings) -> None:
    settings.ANSWERS_PER_MINUTE = 2
    make_group(8)
    ann, bob = make_annotator("ann"), make_annotator("bob")
    for _ in range(2):
        judge(ann, lease(ann))
    assert pace.seconds_to_wait(ann) > 0
    assert pace.seconds_to_wait(bob) == 0
    judge(bob, lease(bob))


@pytest.mark.parametrize("script", [True, False])
def test_too_many_answers_are_a_429_that_says_when_to_go_on(script: bool, settings: Settings) -> None:
    settings.ANSWERS_PER_MINUTE = 1
    make_group(6)
    client = signed_in(make_annotator())
    headers = {"hx-request": "true"} if script else {}
    for expected in (None, HTTPStatus.TOO_MANY_REQUESTS):
        assignment, token = front(client)
        answer = client.post(
            reverse("answer", args=[assignment]), {"answer": "left", "token": token}, headers=headers
        )
        assert expected in (None, answer.status_code)
    assert 50 <= int(answer["Retry-After"]) <= 60
    assert "One moment, please" in answer.content.decode()
    assert Judgment.objects.count() == 1
    assert front(client)[0] == assignment, "the pair waits"


# --- roles ----------------------------------------------------------------------------------------------------------------------


def test_roles_are_given_and_taken() -> None:
    make_admin()
    ann = make_annotator()
    people.set_roles(user=ann, roles=frozenset({Role.RESEARCHER, Role.ADMIN}))
    assert again(ann).roles == {Role.RESEARCHER, Role.ADMIN}
    people.set_roles(user=ann, roles=frozenset())
    assert again(ann).roles == frozenset()


def test_the_last_admin_stays_one() -> None:
    root = make_admin()
    gone = make_admin("gone")
    User.objects.filter(pk=gone.pk).update(is_active=False)
    with pytest.raises(LastAdmin, match="root"):
        people.set_roles(user=root, roles=frozenset({Role.ANNOTATOR}))
    with pytest.raises(LastAdmin, match="root"):
        people.close_account(user=root)
    assert again(root).roles == {Role.ADMIN}
    assert again(root).is_active


@pytest.mark.django_db(transaction=True)
def test_two_admins_who_let_each_other_go_at_once_leave_one() -> None:
    """The second waits for the first and then sees what it did; without a lock both would see two admins."""
    one, two = make_admin("one"), make_admin("two")
    refused: list[bool] = []

    def let_one_go() -> None:
        try:
            people.set_roles(user=one, roles=frozenset())
            refused.append(False)
        except LastAdmin:
            refused.append(True)
        finally:
            connection.close()

    meanwhile = threading.Thread(target=let_one_go)
    with transaction.atomic():
        people.set_roles(user=two, roles=frozenset())
        meanwhile.start()
        meanwhile.join(0.4)
    meanwhile.join()
    assert refused == [True]
    assert [user.username for user in User.objects.filter(groups__name="admin")] == ["one"]


def link_of(user: User, role: Role) -> tuple[Invitation, str]:
    """An open link of somebody's, and its address."""
    invitation, secret = create_invitation(
        created_by=user, role=role, quota=3, expires_at=timezone.now() + timedelta(days=7)
    )
    return invitation, reverse("invited", args=[secret])


@pytest.mark.parametrize("how", ["other roles", "account closed"])
def test_whoever_is_no_admin_any_more_has_no_way_back_by_a_link_of_their_own(how: str) -> None:
    root, gone = make_admin(), make_admin("gone")
    links = {role: link_of(gone, role) for role in Role}
    _, of_another = link_of(root, Role.ADMIN)
    if how == "other roles":
        people.set_roles(user=gone, roles=frozenset({Role.ANNOTATOR}))
    else:
        people.close_account(user=gone)
    open_to = {role for role, (_, link) in links.items() if Client().get(link).status_code == HTTPStatus.OK}
    assert open_to == {Role.ANNOTATOR}, "whoever they sent to judge may still come"
    assert Client().get(of_another).status_code == HTTPStatus.OK


def test_links_of_the_last_admin_survive_the_refusal() -> None:
    root = make_admin()
    _, link = link_of(root, Role.ADMIN)
    with pytest.raises(LastAdmin):
        people.set_roles(user=root, roles=frozenset())
    people.set_roles(user=root, roles=frozenset({Role.ADMIN, Role.RESEARCHER}))
    assert Client().get(link).status_code == HTTPStatus.OK


# --- the page of the admins -----------------------------------------------------------------------------------------------------


def test_the_list_shows_who_there_is_page_by_page() -> None:
    client = signed_in(make_admin())
    User.objects.bulk_create(User(username=f"person-{number:03}") for number in range(120))
    first = client.get(reverse("people"))
    assert first.context["page"].paginator.count == 121
    assert "person-119" in first.content.decode()
    assert "person-001<" not in first.content.decode()
    last = client.get(reverse("people"), {"page": "3"}).content.decode()
    assert "person-001<" in last
    assert "root" in last


def test_the_list_asks_as_many_queries_for_fifty_people_as_for_two() -> None:
    from django.test.utils import CaptureQueriesContext

    client = signed_in(make_admin())
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("people"))
        counts.append(len(asked))
        for _number in range(40):
            create_user(username=f"p-{uuid4().hex}", roles=frozenset({Role.ANNOTATOR}))
    assert counts[0] == counts[1]


def test_people_are_found_by_name_address_and_part() -> None:
    client = signed_in(make_admin())
    ann, guest = make_annotator("ann"), make_guest()
    User.objects.filter(pk=ann.pk).update(email="ann@example.org", kind="simulated")
    paused(guest)

    def found(**asked: str) -> set[str]:
        page = client.get(reverse("people"), asked)
        assert page.status_code == HTTPStatus.OK
        return {person.username for person in page.context["page"]}

    assert found(q="EXAMPLE.org") == {"ann"}
    assert found(q="gues") == {guest.username}
    assert found(q="100%_") == set()
    assert found(which="guests") == found(which="paused") == {guest.username}
    assert found(which="admins") == {"root"}
    assert found(which="annotators") == {"ann", guest.username}
    assert found(which="programs") == {"ann"}
    assert found(which="closed") == set()
    assert found(which="nonsense", page="-5") == {"root", "ann", guest.username}
    assert found(q="\x00") == {"root", "ann", guest.username}, "a bad search is none"


def test_the_page_of_a_person_says_what_they_gave_and_where_they_came_from() -> None:
    from annotation.services.invitations import accept_invitation, create_invitation

    make_group(5)
    client = signed_in(make_admin())
    ann = make_annotator()
    invitation, _ = create_invitation(
        created_by=None,
        role=Role.RESEARCHER,
        quota=1,
        expires_at=timezone.now() + timedelta(days=1),
        note="course in May",
    )
    accept_invitation(invitation=invitation, user=ann)
    for response_ms in (800, 1600, 90_000):
        judging.record_judgment(
            annotator=ann,
            assignment_id=lease(ann).pk,
            token=uuid4(),
            outcome=Outcome.RIGHT,
            response_ms=response_ms,
        )
    page = client.get(reverse("person", args=[ann.pk]))
    assert page.context["median_ms"] == 1600
    assert (page.context["given"]["judgments"], page.context["person"].judged) == (3, 3)
    assert page.context["person"].seen_at >= Assignment.objects.latest("id").leased_at
    assert "course in May" in page.content.decode()
    assert client.get(reverse("person", args=[9999])).status_code == HTTPStatus.NOT_FOUND


def test_an_admin_pauses_with_a_reason_and_lets_go_on() -> None:
    client = signed_in(make_admin())
    ann = make_annotator()
    for reason in ("", "x" * 201, "  "):
        answer = client.post(reverse("pause", args=[ann.pk]), {"reason": reason})
        assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert again(ann).paused_at is None
    client.post(reverse("pause", args=[ann.pk]), {"reason": "Too quick to have looked."})
    assert again(ann).paused_because == "Too quick to have looked."
    client.post(reverse("resume", args=[ann.pk]))
    assert again(ann).paused_at is None


def test_an_admin_gives_roles_but_not_the_last_one_away() -> None:
    root = make_admin()
    client = signed_in(root)
    ann = make_annotator()
    client.post(reverse("set_roles", args=[ann.pk]), {"roles": ["annotator", "researcher"]})
    assert again(ann).roles == {Role.ANNOTATOR, Role.RESEARCHER}
    bad = client.post(reverse("set_roles", args=[ann.pk]), {"roles": ["king"]})
    assert bad.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    answer = client.post(reverse("set_roles", args=[root.pk]), {"roles": ["annotator"]})
    assert answer.status_code == HTTPStatus.CONFLICT
    assert "last admin" in answer.content.decode()
    guest = make_guest()
    client.post(reverse("set_roles", args=[guest.pk]), {"roles": ["admin"]})
    assert again(guest).roles == {Role.ANNOTATOR}


# --- one's own judgments --------------------------------------------------------------------------------------------------------


def downloaded(client: Client, name: str) -> str:
    answer = client.get(reverse(name))
    assert answer.status_code == HTTPStatus.OK
    assert answer.streaming
    assert "attachment" in answer["Content-Disposition"]
    return answer.getvalue().decode()


def test_own_judgments_can_be_taken_away_as_they_were_shown() -> None:
    make_group(6)
    ann, bob = make_annotator("ann"), make_annotator("bob")
    judge(bob, lease(bob))
    shown = []
    for outcome in (Outcome.LEFT, Outcome.TIE):
        assignment = lease(ann)
        judge(ann, assignment, outcome=outcome)
        two = [assignment.pair.first.texts, assignment.pair.second.texts]
        shown.append(two[::-1] if assignment.swapped else two)
    judging.undo_last(annotator=ann)
    rows = json.loads(downloaded(signed_in(ann), "own_judgments_json"))
    assert [[row["left_texts"], row["right_texts"]] for row in rows] == shown
    assert [row["outcome"] for row in rows] == ["left", "tie"]
    assert [row["response_ms"] for row in rows] == [900, 900]
    assert [row["taken_back_at"] is None for row in rows] == [True, False]
    table = list(
        csv.DictReader(io.StringIO(downloaded(signed_in(ann), "own_judgments_csv").lstrip("\ufeff")))
    )
    assert [row["outcome"] for row in table] == ["left", "tie"]
    assert [row["left_texts"] for row in table] == [left[0] for left, _ in shown]
    assert [bool(row["taken_back_at"]) for row in table] == [False, True]


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "\n=1", "\uff1d1"]
)
def test_no_cell_of_the_table_begins_a_formula(text: str) -> None:
    make_group(3)
    Meme.objects.update(texts=[text])
    ann = make_annotator()
    judge(ann, lease(ann))
    body = downloaded(signed_in(ann), "own_judgments_csv").lstrip("\ufeff")
    [row] = csv.DictReader(io.StringIO(body, newline=""))
    assert row["left_texts"] == row["right_texts"] == f"'{text}"
    assert json.loads(downloaded(signed_in(ann), "own_judgments_json"))[0]["left_texts"] == [text]


def test_whoever_gave_nothing_takes_an_empty_table_away() -> None:
    client = signed_in(make_annotator())
    assert json.loads(downloaded(client, "own_judgments_json")) == []
    assert len(downloaded(client, "own_judgments_csv").splitlines()) == 1


def test_a_download_reads_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    from annotation.queries import people as queries

    monkeypatch.setattr(queries, "BLOCK", 2)
    make_group(6)
    ann = make_annotator()
    for _ in range(5):
        judge(ann, lease(ann))
    ids = [row["judgment_id"] for row in queries.own_judgments(ann)]
    assert ids == list(Judgment.objects.order_by("id").values_list("pk", flat=True))


# --- the way to proposals -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("page", ["me", "judge"])
def test_captions_are_asked_for_where_somebody_has_time_and_a_meme_template_takes_them(page: str) -> None:
    ann = make_annotator()
    client = signed_in(ann)

    def is_asked() -> bool:
        return f'href="{reverse("propose")}"' in client.get(reverse(page)).content.decode()

    assert not is_asked()
    MemeTemplate.objects.create(
        slug="open",
        name="Open",
        width=9,
        height=9,
        boxes=[],
        picture="templates/00/x.png",
        proposals_open=True,
    )
    assert is_asked()
    people.pause_person(person=ann, reason="Too quick.")
    assert not is_asked()
    people.resume_person(person=ann)
    ann.groups.clear()
    assert page == "judge" or not is_asked(), "a page that is refused to them"


def test_while_there_is_something_to_judge_nobody_is_led_away_from_it() -> None:
    make_group(4)
    MemeTemplate.objects.update(picture="templates/00/x.png", proposals_open=True)
    page = signed_in(make_annotator()).get(reverse("judge")).content.decode()
    assert "<article" in page
    assert reverse("propose") not in page


def test_the_languages_to_choose_from_are_those_people_judge_in() -> None:
    make_group(2, language="de")
    waiting = make_template("waiting", language="fr")
    Meme.objects.create(
        template=waiting, language="fr", texts=["x"], texts_key="x", picture="x", status=Meme.Status.PENDING
    )
    form = signed_in(make_annotator()).get(reverse("me")).context["form"]
    assert [value for value, _ in form.fields["meme_languages"].choices] == ["de"]


# --- a guest's own account ------------------------------------------------------------------------------------------------------


def test_a_guest_makes_an_account_of_the_visit_and_keeps_everything() -> None:
    make_group(4)
    guest = make_guest()
    judge(guest, lease(guest))
    client = signed_in(guest)
    assert "You judge as a guest" in client.get(reverse("me")).content.decode()
    said = {"username": "nina", "password1": PASSWORD, "email": "nina@example.org"}
    assert client.post(reverse("keep_account"), said)["Location"] == reverse("me")
    assert client.get(reverse("me")).status_code == HTTPStatus.OK, "still signed in"
    kept = again(guest)
    assert (kept.username, kept.is_guest) == ("nina", False)
    assert kept.roles == {Role.ANNOTATOR}
    assert kept.judgments.count() == 1
    assert [letter.to for letter in mail.outbox] == [["nina@example.org"]]
    fresh = Client()
    fresh.post(reverse("account_login"), {"login": "nina", "password": PASSWORD})
    assert fresh.session["_auth_user_id"] == str(guest.pk)
    assert client.get(reverse("keep_account"))["Location"] == reverse("me"), "only once"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "ann"),
        ("username", "ANN"),
        ("username", "a b"),
        ("password1", "password"),
        ("email", "x"),
    ],
)
def test_keeping_is_as_strict_as_signing_up(field: str, value: str) -> None:
    make_annotator("ann")
    guest = make_guest()
    said = {"username": "nina", "password1": PASSWORD, "email": ""} | {field: value}
    answer = signed_in(guest).post(reverse("keep_account"), said)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert again(guest).is_guest


def test_asking_which_names_are_taken_is_limited_as_signing_up_is(settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"signup": "2/m/ip"}
    make_annotator("ann")
    client = signed_in(make_guest())
    said = {"username": "ann", "password1": PASSWORD, "email": ""}
    answers = [client.post(reverse("keep_account"), said) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [422, 422, 429]
    assert answers[2]["Retry-After"] == "60"
    assert client.get(reverse("keep_account")).status_code == HTTPStatus.OK


def test_a_guest_s_visit_lasts_longer_than_a_sign_in_until_they_can_sign_in() -> None:
    _, secret = create_invitation(
        created_by=None,
        role=Role.ANNOTATOR,
        quota=1,
        expires_at=timezone.now() + timedelta(days=1),
        guests=True,
    )
    client, month = Client(), timedelta(days=30).total_seconds()
    client.post(reverse("invited", args=[secret]), {"how": "guest"})
    assert client.session.get_expiry_age() > 11 * month
    client.post(reverse("keep_account"), {"username": "nina", "password1": PASSWORD, "email": ""})
    assert client.session.get_expiry_age() <= month
    assert "_auth_user_id" in client.session


def test_a_guest_is_asked_before_signing_out_for_good() -> None:
    client = signed_in(make_guest())
    page = client.get(reverse("me")).content.decode()
    assert re.search(rf'action="{reverse("account_logout")}" method="get"', page)
    assert "you cannot come back" in client.get(reverse("account_logout")).content.decode()


# --- leaving --------------------------------------------------------------------------------------------------------------------


def test_a_closed_account_is_nobody_s_and_its_judgments_stay() -> None:
    make_group(5)
    ann = make_annotator("ann")
    User.objects.filter(pk=ann.pk).update(email="ann@example.org", first_name="Ann", last_name="Other")
    EmailAddress.objects.create(user=ann, email="ann@example.org", verified=True, primary=True)
    token = ApiToken.objects.create(
        user=ann,
        name="mine",
        sha256="0" * 64,
        beginning="pl_",
        scopes=[],
        expires_at=timezone.now() + timedelta(days=9),
    )
    judge(ann, lease(ann))
    client, elsewhere = signed_in(ann), signed_in(ann)
    assert client.post(reverse("close_account"), {"username": "bob"}).status_code == 422
    assert again(ann).closed_at is None
    assert client.post(reverse("close_account"), {"username": "ann"})["Location"] == reverse("home")
    gone = again(ann)
    assert gone.closed_at is not None
    assert gone.username.startswith("closed-")
    assert (gone.email, gone.first_name, gone.last_name) == ("", "", "")
    assert not gone.has_usable_password()
    assert (gone.is_active, gone.has_consented, gone.roles) == (False, False, frozenset())
    assert not EmailAddress.objects.exists()
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert elsewhere.get(reverse("me")).status_code == HTTPStatus.FOUND
    for login in ("ann", "ann@example.org", gone.username):
        client.post(reverse("account_login"), {"login": login, "password": "a long password"})
        assert "_auth_user_id" not in client.session
    assert Judgment.objects.get().annotator == gone
    assert_nothing_names("ann")


@pytest.mark.django_db(transaction=True)
def test_what_somebody_gave_leaves_the_dataset_with_them(tmp_path: Path) -> None:
    make_group(5)
    ann, bob = make_annotator("ann"), make_annotator("bob")
    for annotator in (ann, bob, ann):
        judge(annotator, lease(annotator))
    assert len(list(export(tmp_path / "before").judgments())) == 3
    people.close_account(user=ann)
    assert len(list(export(tmp_path / "after").judgments())) == 1
    assert Judgment.objects.count() == 3


def assert_nothing_names(name: str) -> None:
    """No row of a person or an address holds the words."""
    for model in (User, EmailAddress):
        for row in model.objects.values():
            assert not [value for value in row.values() if isinstance(value, str) and name in value.lower()]


# --- signing in and up: what can not be found out, and how often one may try ------------------------------------------------------


def sign_up(name: str, email: str) -> Any:
    return Client().post(reverse("account_signup"), {"username": name, "email": email, "password1": PASSWORD})


def test_signing_up_does_not_tell_whether_an_address_has_an_account() -> None:
    ann = create_user(username="ann", password=PASSWORD, email="ann@example.org")
    EmailAddress.objects.create(user=ann, email="ann@example.org", verified=True, primary=True)
    taken, free = sign_up("nina", "Ann@example.org"), sign_up("nora", "nora@example.org")
    assert (taken.status_code, taken["Location"]) == (free.status_code, free["Location"])
    assert sorted(letter.to[0] for letter in mail.outbox) == ["ann@example.org", "nora@example.org"]
    assert not EmailAddress.objects.filter(user__username="nina", verified=True).exists()
    # Nor does what nina set for herself open ann's account, or the other way round.
    for name in ("ann", "nina"):
        client = Client()
        client.post(reverse("account_login"), {"login": name, "password": PASSWORD})
        assert client.session["_auth_user_id"] == str(User.objects.get(username=name).pk)


def test_a_forgotten_password_does_not_tell_either() -> None:
    ann = create_user(username="ann", password=PASSWORD, email="ann@example.org")
    EmailAddress.objects.create(user=ann, email="ann@example.org", verified=True, primary=True)
    answers = [
        Client().post(reverse("account_reset_password"), {"email": email})
        for email in ("ann@example.org", "nobody@example.org")
    ]
    assert answers[0].status_code == answers[1].status_code == HTTPStatus.FOUND
    assert answers[0]["Location"] == answers[1]["Location"]


def test_a_wrong_name_and_a_wrong_password_are_refused_alike() -> None:
    create_user(username="ann", password=PASSWORD)
    pages = []
    for name in ("ann", "nobody"):
        page = Client().post(reverse("account_login"), {"login": name, "password": "wrong"}).content.decode()
        pages.append(re.sub(r'csrfmiddlewaretoken" value="\w+"|value="(ann|nobody)"', "", page))
    assert pages[0] == pages[1]
    assert "are not correct" in pages[0]


@pytest.mark.parametrize("name", ["account_login", "account_signup"])
def test_too_many_tries_from_one_address_are_a_429_in_our_look(name: str, settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    rates = settings.ACCOUNT_RATE_LIMITS
    allowed = int(rates["login" if name == "account_login" else "signup"].partition("/")[0])

    def tried(address: str) -> Any:
        return Client().post(reverse(name), {}, headers={"x-forwarded-for": f"10.1.2.3, {address}"})

    for _ in range(allowed):
        assert tried("203.0.113.5").status_code == HTTPStatus.OK
    refused = tried("203.0.113.5")
    assert refused.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "One moment, please" in refused.content.decode()
    assert tried("203.0.113.6").status_code == HTTPStatus.OK


def test_five_wrong_passwords_close_a_name_for_a_while_from_any_address(settings: Settings) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    create_user(username="ann", password=PASSWORD)

    def sign_in(password: str, address: str) -> Client:
        client = Client()
        said = {"login": "ann", "password": password}
        client.post(reverse("account_login"), said, headers={"x-forwarded-for": address})
        return client

    for number in range(5):
        sign_in("wrong", f"203.0.113.{number}")
    assert "_auth_user_id" not in sign_in(PASSWORD, "203.0.113.99").session


# --- letters --------------------------------------------------------------------------------------------------------------------


def test_letters_say_who_writes_and_carry_a_link_that_works() -> None:
    sign_up("nina", "nina@example.org")
    [welcome] = mail.outbox
    assert welcome.subject == "[Punchline] Please Confirm Your Email Address"
    assert "Hello from Punchline!" in welcome.body
    link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(welcome.body))
    assert link
    assert Client().post(link[1]).status_code == HTTPStatus.FOUND
    assert EmailAddress.objects.get().verified

    Client().post(reverse("account_reset_password"), {"email": "nina@example.org"})
    letter = mail.outbox[-1]
    assert letter.subject.startswith("[Punchline] ")
    link = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(letter.body))
    assert link
    client = Client()
    form = client.get(link[1])["Location"]
    changed = client.post(form, {"password1": "a newer horse battery", "password2": "a newer horse battery"})
    assert changed.status_code == HTTPStatus.FOUND
    fresh = Client()
    fresh.post(reverse("account_login"), {"login": "nina", "password": "a newer horse battery"})
    assert "_auth_user_id" in fresh.session


# --- the command ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["person", "simulated", "judge"])
def test_an_account_is_made_of_any_kind(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    out = io.StringIO()
    call_command("create_account", "robo", "--kind", kind, stdout=out)
    made = User.objects.get()
    assert made.kind == kind
    assert made.has_consented == (kind != "person"), "a program reads no page; a person does"
    assert (kind in out.getvalue()) == (kind != "person")


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(CommandError, match="invalid choice: 'robot'"):
        call_command("create_account", "robo", "--kind", "robot")
