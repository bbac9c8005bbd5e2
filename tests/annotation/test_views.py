"""The pages over HTTP: who may use them, and what they answer to good and bad input."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from annotation.access import LIBRARY_VIEWS, TokenAccess, rule_of
from annotation.models import Assignment, Judgment, Meme, PracticeAnswer, PracticePair, Role, Skip, User
from annotation.services import judging
from annotation.services.memes import retire_meme
from annotation.services.people import create_user
from tests.annotation.builders import make_annotator, make_group, make_meme, make_template

pytestmark = pytest.mark.django_db
SCRIPT = {"HTTP_HX_REQUEST": "true"}


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def front(client: Client) -> tuple[int, str]:
    """The assignment in front of somebody and the token its form carries."""
    page = client.get(reverse("judge")).content.decode()
    assignment = re.search(r'data-assignment="(\d+)"', page)
    token = re.search(r'name="token" value="([^"]+)"', page)
    assert assignment
    assert token
    return int(assignment[1]), token[1]


# --- who may ----------------------------------------------------------------------------------------------------------------------


def routes(patterns: list[Any] | None = None) -> list[URLPattern]:
    """Every address of the site, libraries' included."""
    found: list[URLPattern] = []
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        found += routes(entry.url_patterns) if isinstance(entry, URLResolver) else [entry]
    return found


ARGUMENTS = {
    "assignment_id": 1,
    "practice_pair_id": 1,
    "token_id": 1,
    "name": f"memes/00/{'0' * 64}.jpg",
    "key": "x",
    "uidb36": "1",
    "secret": "x",
    "user_id": 1,
    "invitation_id": 1,
    "pk": 1,
    "meme_id": 1,
}


def address(route: URLPattern) -> str:
    assert route.name
    names = list(route.pattern.converters) or list(getattr(route.pattern, "regex", re.compile("")).groupindex)
    return reverse(route.name, kwargs={name: ARGUMENTS[name] for name in names})


JUDGING = [
    "welcome",
    "practice",
    "skip_practice",
    "practise",
    "judge",
    "ahead",
    "undo",
    "renew",
    "warning",
    "answer",
]
OWN_ACCOUNT = ["own_judgments_csv", "own_judgments_json", "keep_account", "close_account"]
PEOPLE = ["people", "person", "set_roles", "pause", "resume", "invitations", "revoke_invitation"]
MEME_TEMPLATES = [
    "meme_templates",
    "new_meme_template",
    "meme_template",
    "meme_template_preview",
    "meme_template_showing",
]
PROPOSING = ["propose", "propose_for", "propose_preview"]
MODERATION = [
    "moderation",
    "moderate",
    "undo_decision",
    "take_down_meme",
    "take_down_template",
    "blocklist",
    "unblock",
]
EXPECTED: dict[str, set[str]] = {
    **{name: {"admin"} for name in MODERATION},
    **{name: {"admin"} for name in MEME_TEMPLATES},
    **{name: {"annotator", "researcher", "admin"} for name in PROPOSING},
    **{
        name: {"nobody", "annotator", "researcher", "admin", "none"}
        for name in ("home", "guidelines", "healthz", "readyz")
    },
    "metrics": {"admin"},
    **{name: {"annotator", "researcher", "admin"} for name in JUDGING},
    **{name: {"annotator", "researcher", "admin", "none"} for name in ("me", "withdraw", "picture")},
    "dataset": {"researcher", "admin"},
    "overview": {"admin"},
    "tokens": {"annotator", "researcher", "admin"},
    "revoke_token": {"annotator", "researcher", "admin"},
    "invited": {"nobody", "annotator", "researcher", "admin", "none"},
    **{name: {"annotator", "researcher", "admin", "none"} for name in OWN_ACCOUNT},
    **{name: {"admin"} for name in PEOPLE},
}
WHO = ["nobody", "none", "annotator", "researcher", "admin"]
API_FOR_ALL = ("api_openapi", "api_nowhere")


def client_of(who: str) -> Client:
    """A browser of nobody, of an account without a role, or of one with exactly one role."""
    if who == "nobody":
        return Client()
    return signed_in(make_annotator(who, roles=frozenset() if who == "none" else frozenset({Role(who)})))


@pytest.mark.parametrize("who", WHO)
def test_every_route_lets_in_whom_it_says_and_nobody_else(who: str) -> None:
    """Walks all routes: ours by the table above, the libraries' by their rule. GET and POST alike."""
    client = client_of(who)
    walked = 0
    for route in routes():
        rule = rule_of(route.callback, route.name)
        assert rule is not None, f"{route.name} says nothing about who may use it"
        name = route.name or ""
        if isinstance(rule, TokenAccess) or name in API_FOR_ALL:
            continue  # walked with tokens in tests/annotation/api/test_access.py
        if name in EXPECTED:
            may = who in EXPECTED[name]
        else:
            assert name in LIBRARY_VIEWS, f"{name} stands in no table of this test"
            may = rule.everybody or who != "nobody"
        for method in ("get", "post"):
            status = getattr(client, method)(address(route), headers={"hx-request": "true"}).status_code
            let_in = status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
            if let_in and rule is LIBRARY_VIEWS.get(name) and status == HTTPStatus.FOUND:
                continue  # a library sends people where they belong
            assert let_in == may, f"{method} {name} as {who}: {status}"
            walked += 1
        client = client if name not in ("account_logout", "withdraw") else client_again(client, who)
    assert walked > 40


def client_again(client: Client, who: str) -> Client:
    """Signing out and withdrawing are walked as well: go on as before."""
    if who != "nobody":
        user = User.objects.get(username=who)
        User.objects.filter(pk=user.pk).update(consent_version="2026-11")
        client.force_login(user)
    return client


def test_a_view_without_a_rule_is_refused(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from annotation.views import pages

    monkeypatch.delattr(pages.guidelines, "access")
    assert Client().get(reverse("guidelines")).status_code == HTTPStatus.FORBIDDEN
    assert "says nothing about who may use it" in caplog.text


def test_a_page_asks_nobody_to_sign_in_and_brings_them_back() -> None:
    answer = Client().get(reverse("judge"))
    assert answer.status_code == HTTPStatus.FOUND
    assert answer["Location"] == f"{reverse('account_login')}?next={reverse('judge')}"


def test_a_script_without_a_session_is_told_401() -> None:
    assert Client().post(reverse("ahead"), **SCRIPT).status_code == HTTPStatus.UNAUTHORIZED  # type: ignore[arg-type]  # WSGI names


def test_a_form_without_its_csrf_token_is_refused() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_annotator())
    make_group(3)
    assignment, token = front(client)
    answer = client.post(reverse("answer", args=[assignment]), {"answer": "left", "token": token})
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert not Judgment.objects.exists()


# --- judging ----------------------------------------------------------------------------------------------------------------------


def test_a_plain_form_stores_the_answer_and_goes_on() -> None:
    client = signed_in(make_annotator())
    make_group(4)
    assignment, token = front(client)
    answer = client.post(reverse("answer", args=[assignment]), {"answer": "both_bad", "token": token})
    assert answer.status_code == HTTPStatus.FOUND
    assert Judgment.objects.get().outcome == "both_bad"
    assert front(client)[0] != assignment


def test_the_script_gets_the_next_pair_and_the_progress_in_the_answer() -> None:
    client = signed_in(make_annotator())
    make_group(4)
    assignment, token = front(client)
    answer = client.post(
        reverse("answer", args=[assignment]),
        {"answer": "left", "token": token, "response_ms": "1234", "have": str(assignment)},
        headers={"hx-request": "true"},
    )
    body = answer.content.decode()
    assert answer.status_code == HTTPStatus.OK
    assert body.count("<article") == 1
    assert f'data-assignment="{assignment}"' not in body
    assert 'id="progress"' in body
    assert Judgment.objects.get().response_ms == 1234


def test_the_same_post_twice_gives_the_same_next_pair() -> None:
    client = signed_in(make_annotator())
    make_group(5)
    assignment, token = front(client)
    fields = {"answer": "left", "token": token}
    bodies = [
        client.post(
            reverse("answer", args=[assignment]), fields, headers={"hx-request": "true"}
        ).content.decode()
        for _ in range(2)
    ]
    served = [re.search(r'data-assignment="(\d+)"', body) for body in bodies]
    assert served[0]
    assert served[1]
    assert served[0][1] == served[1][1]
    assert Judgment.objects.count() == 1


def test_a_flag_comes_with_its_reason() -> None:
    client = signed_in(make_annotator())
    make_group(4)
    assignment, token = front(client)
    client.post(reverse("answer", args=[assignment]), {"answer": "flag:offensive", "token": token})
    assert Skip.objects.get().reason == "offensive"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"answer": "meh"},
        {"answer": "left", "token": "x"},
        {"answer": "flag:boring"},
        {"answer": "left", "response_ms": "-3"},
        {"answer": "left", "response_ms": "soon"},
        {"answer": "left\x00"},
    ],
)
def test_bad_fields_are_a_422_and_store_nothing(fields: dict[str, str]) -> None:
    client = signed_in(make_annotator())
    make_group(3)
    assignment, token = front(client)
    answer = client.post(reverse("answer", args=[assignment]), {"token": token} | fields)
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Judgment.objects.exists()


@pytest.mark.parametrize(
    "have", ["1,2,3", "1,,x,9999999999999999999999,-4", "'; DROP TABLE", ",,,,,", "٣", "1," * 5000, "1\x00"]
)
def test_a_hostile_list_of_what_the_page_has_is_harmless(have: str) -> None:
    client = signed_in(make_annotator())
    make_group(4)
    assignment, token = front(client)
    fields = {"answer": "left", "token": token, "have": have}
    assert (
        client.post(reverse("answer", args=[assignment]), fields, headers={"hx-request": "true"}).status_code
        == 200
    )
    assert Judgment.objects.count() == 1


def test_somebody_elses_assignment_is_not_found() -> None:
    make_group(4)
    theirs, token = front(signed_in(make_annotator("ann")))
    answer = signed_in(make_annotator("bob")).post(
        reverse("answer", args=[theirs]), {"answer": "left", "token": token}
    )
    assert answer.status_code == HTTPStatus.NOT_FOUND
    assert not Judgment.objects.exists()


def test_an_absurd_response_time_is_kept_within_a_day() -> None:
    client = signed_in(make_annotator())
    make_group(3)
    assignment, token = front(client)
    client.post(
        reverse("answer", args=[assignment]), {"answer": "left", "token": token, "response_ms": str(10**15)}
    )
    assert Judgment.objects.get().response_ms == judging.MAX_RESPONSE_MS


def test_undo_by_plain_form_and_by_script() -> None:
    client = signed_in(make_annotator())
    make_group(5)
    for headers in ({}, {"hx-request": "true"}):
        assignment, token = front(client)
        client.post(reverse("answer", args=[assignment]), {"answer": "left", "token": token})
        answer = client.post(reverse("undo"), headers=headers)
        assert answer.status_code == (HTTPStatus.OK if headers else HTTPStatus.FOUND)
        assert front(client)[0] == assignment
    assert client.post(reverse("undo"), headers={"hx-request": "true"}).status_code == HTTPStatus.CONFLICT


def test_renewing_takes_only_ones_own() -> None:
    ann, bob = make_annotator("ann"), make_annotator("bob")
    make_group(4)
    assignment, _ = front(signed_in(ann))
    before = Assignment.objects.get(pk=assignment).lease_until
    signed_in(bob).post(reverse("renew"), {"have": str(assignment)})
    assert Assignment.objects.get(pk=assignment).lease_until == before
    signed_in(ann).post(reverse("renew"), {"have": str(assignment)})
    assert Assignment.objects.get(pk=assignment).lease_until > before


def test_when_everything_is_judged_the_page_says_so() -> None:
    client = signed_in(make_annotator())
    page = client.get(reverse("judge")).content.decode()
    assert "You have seen them all." in page
    assert "<article" not in page


# --- what a page must not tell, and what it must survive ------------------------------------------------------------------------


def test_the_page_does_not_tell_where_a_meme_comes_from() -> None:
    template = make_template()
    for number in range(3):
        meme = make_meme(template, f"joke {number}")
        Meme.objects.filter(pk=meme.pk).update(
            origin="generator", generator="zebra-v7", reasoning="because zebras", source_id="src-zebra"
        )
    page = signed_in(make_annotator()).get(reverse("judge")).content.decode()
    assert "<article" in page
    assert "zebra" not in page
    assert "generator" not in page


def test_hostile_captions_are_text_and_nothing_else() -> None:
    template = make_template()
    for text in (
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "<|image_pad|> {{ 7*7 }} {% now %}",
    ):
        make_meme(template, text)
    client = signed_in(make_annotator())
    for _ in range(3):
        assignment, token = front(client)
        page = client.get(reverse("judge")).content.decode()
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "&lt;" in page
        client.post(reverse("answer", args=[assignment]), {"answer": "skip", "token": token})


@pytest.mark.parametrize("number", [10**18, 2**63, 10**30])
def test_a_number_no_row_can_have_is_not_found(number: int) -> None:
    client = signed_in(make_annotator())
    for path in (f"/judge/{number}/", f"/practice/{number}/"):
        assert (
            client.post(path, {"answer": "left", "token": str(uuid4())}).status_code == HTTPStatus.NOT_FOUND
        )


@pytest.mark.parametrize("key", ['"aaaaaaaaaaaa\\000b"', "';--", '"\\303\\274"', "x" * 5000])
def test_a_session_key_of_somebodys_own_making_is_no_session(key: str) -> None:
    """The cookie as a raw header: Django undoes its octal escapes, so a NUL can stand in it."""
    cookie = {"cookie": f"sessionid={key}"}
    assert Client().get("/", headers=cookie).status_code == HTTPStatus.OK
    assert Client().get(reverse("me"), headers=cookie).status_code == HTTPStatus.FOUND


@pytest.mark.parametrize(
    "name",
    [
        "../secret_key",
        "memes/../../secret_key",
        "memes/00/x.jpg",
        "templates/00/%00.png",
        f"memes/00/{'0' * 64}.svg",
    ],
)
def test_only_pictures_of_the_storage_are_served(name: str) -> None:
    answer = signed_in(make_annotator()).get(f"/pictures/{name}")
    assert answer.status_code in (HTTPStatus.NOT_FOUND, HTTPStatus.MOVED_PERMANENTLY)


def test_every_page_forbids_what_is_inline_and_what_is_foreign() -> None:
    client = signed_in(make_annotator(roles=frozenset(Role)))
    make_group(3)
    for name in ("judge", "me", "dataset", "overview", "guidelines", "welcome", "account_email"):
        answer = client.get(reverse(name))
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy
        assert "default-src 'none'" in policy
        page = answer.content.decode()
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page), name
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page), name
        assert answer["X-Content-Type-Options"] == "nosniff"


# --- before the first judgment --------------------------------------------------------------------------------------------------


def newcomer() -> Client:
    return signed_in(create_user(username="new", password="a long password"))


def test_nobody_judges_without_consent() -> None:
    make_group(3)
    client = newcomer()
    assert client.get(reverse("judge"))["Location"] == reverse("welcome")
    assert client.post(reverse("ahead"), headers={"hx-request": "true"}).status_code == HTTPStatus.FORBIDDEN
    assert not Assignment.objects.exists()


@pytest.mark.parametrize("missing", ["adult", "licence", "rude"])
def test_consent_needs_every_tick(missing: str) -> None:
    client = newcomer()
    ticks = {name: "on" for name in ("adult", "licence", "rude") if name != missing}
    assert client.post(reverse("welcome"), ticks).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not User.objects.get(username="new").has_consented


def test_consent_then_practice_then_judging() -> None:
    group = make_group(4)
    memes = list(Meme.objects.filter(template=group.template))
    pairs = [
        PracticePair.objects.create(better=memes[0], worse=memes[n], why="It is shorter.") for n in (1, 2, 3)
    ]
    client = newcomer()
    client.post(reverse("welcome"), {"adult": "on", "licence": "on", "rude": "on"})
    assert client.get(reverse("judge"))["Location"] == reverse("practice")
    for pair in pairs:
        page = client.get(reverse("practice")).content.decode()
        assert reverse("practise", args=[pair.pk]) in page
        better_on_left = page.index(memes[0].picture) < page.index(pair.worse.picture)
        answer = client.post(reverse("practise", args=[pair.pk]), {"answer": "left"}).content.decode()
        assert ("We laughed at that one too." in answer) == better_on_left
        assert "It is shorter." in answer
    assert PracticeAnswer.objects.count() == 3
    assert not Judgment.objects.exists()
    assert "Memes ahead" in client.get(reverse("judge")).content.decode()
    client.post(reverse("warning"))
    assert "Memes ahead" not in client.get(reverse("judge")).content.decode()


def test_a_practice_pair_retired_while_it_stood_there_is_shown_to_nobody_again() -> None:
    group = make_group(3)
    better, worse = Meme.objects.filter(template=group.template)[:2]
    pair = PracticePair.objects.create(better=better, worse=worse, why="Because.")
    client = newcomer()
    client.post(reverse("welcome"), {"adult": "on", "licence": "on", "rude": "on"})
    retire_meme(meme=better)
    answer = client.post(reverse("practise", args=[pair.pk]), {"answer": "left"})
    assert answer["Location"] == reverse("practice")
    assert not PracticeAnswer.objects.exists()


def test_practice_can_be_passed_over() -> None:
    group = make_group(3)
    better, worse = Meme.objects.filter(template=group.template)[:2]
    PracticePair.objects.create(better=better, worse=worse, why="Because.")
    client = newcomer()
    client.post(reverse("welcome"), {"adult": "on", "licence": "on", "rude": "on"})
    client.post(reverse("skip_practice"))
    assert client.get(reverse("judge")).status_code == HTTPStatus.OK


# --- accounts -------------------------------------------------------------------------------------------------------------------


def test_whoever_signs_up_is_an_annotator() -> None:
    client = Client()
    answer = client.post(
        reverse("account_signup"), {"username": "fresh", "email": "", "password1": "correct horse battery"}
    )
    assert answer.status_code == HTTPStatus.FOUND
    assert User.objects.get(username="fresh").roles == {Role.ANNOTATOR}


def test_sign_up_can_be_closed(settings: Any) -> None:
    settings.OPEN_SIGNUP = False
    Client().post(reverse("account_signup"), {"username": "fresh", "password1": "correct horse battery"})
    assert not User.objects.exists()


def test_guessing_passwords_is_slowed_down() -> None:
    make_annotator("ann")
    client = Client()
    for _ in range(12):
        answer = client.post(reverse("account_login"), {"login": "ann", "password": "wrong"})
    good = client.post(reverse("account_login"), {"login": "ann", "password": "a long password"})
    assert good.status_code == HTTPStatus.OK or answer.status_code == HTTPStatus.TOO_MANY_REQUESTS
    assert "_auth_user_id" not in client.session


def test_preferences_are_checked_and_kept() -> None:
    make_group(2, language="zh-hans")
    ann = make_annotator()
    client = signed_in(ann)
    assert client.post(reverse("me"), {"daily_goal": "0"}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert client.post(reverse("me"), {"daily_goal": "5", "meme_languages": ["xx"]}).status_code == 422
    assert (
        client.post(reverse("me"), {"daily_goal": "5", "meme_languages": ["zh-hans"]}).status_code
        == HTTPStatus.FOUND
    )
    ann.refresh_from_db()
    assert (ann.daily_goal, ann.meme_languages) == (5, ["zh-hans"])


@pytest.mark.parametrize(
    ("zone", "calendar"),
    [
        ("Pacific/Kiritimati", "Pacific/Kiritimati"),  # 25 hours before the next
        ("Pacific/Pago_Pago", "Pacific/Pago_Pago"),
        ("Nowhere/Nothing", "UTC"),  # a hostile cookie
    ],
)
def test_today_is_the_annotators_own_day(zone: str, calendar: str) -> None:
    make_group(4)
    client = signed_in(ann := make_annotator())
    client.cookies["tz"] = zone
    assignment, token = front(client)
    before = timezone.localdate(timezone=ZoneInfo(calendar))
    client.post(reverse("answer", args=[assignment]), {"answer": "left", "token": token})
    after = timezone.localdate(timezone=ZoneInfo(calendar))
    assert ann.days.get().day in (before, after)


@pytest.mark.parametrize(("name", "status"), [("nowhere/", 404), ("judge/999999/", 405)])
def test_refusals_are_pages_of_ours(name: str, status: int) -> None:
    assert signed_in(make_annotator()).get(f"/{name}").status_code == status


def test_our_own_failure_is_a_page_without_details(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(judging, "next_assignments", fails)
    client = signed_in(make_annotator())
    client.raise_request_exception = False
    answer = client.get(reverse("judge"))
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert b"That was us" in answer.content
    assert b"secret detail" not in answer.content


def test_pages_of_the_roles_say_what_there_is() -> None:
    ann = make_annotator(roles=frozenset(Role))
    make_group(4)
    client = signed_in(ann)
    assignment, token = front(client)
    client.post(reverse("answer", args=[assignment]), {"answer": "left", "token": token})
    assignment, token = front(client)
    client.post(reverse("answer", args=[assignment]), {"answer": "flag:broken", "token": token})
    overview = client.get(reverse("overview"))
    assert (overview.context["judgments"], overview.context["memes"]) == (1, 4)
    assert "2 memes with complaints" in overview.content.decode()
    assert client.get(reverse("dataset")).context["counts"]["judgments"] == 0  # it may still be taken back
    mine = client.get(reverse("me"))
    assert (mine.context["given"]["judgments"], mine.context["given"]["flags"]) == (1, 1)
    assert timezone.localdate() == mine.context["given"]["days"][-1].day


def test_a_meme_page_token_is_fresh_each_time() -> None:
    client = signed_in(make_annotator())
    make_group(3)
    assert front(client)[1] != front(client)[1]
