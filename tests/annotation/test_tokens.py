"""API tokens: made, shown once, listed, revoked; by their owner's page and by command."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotation.errors import GuestsHaveNoTokens, ScopeNotHeld, TokenLifetime, TooManyTokens
from annotation.models import ApiToken, Role, Scope, User
from annotation.queries.tokens import scopes_for
from annotation.services.tokens import create_token, hash_of, note_use, revoke_token
from tests.annotation.api.asking import Program
from tests.annotation.builders import make_annotator

pytestmark = pytest.mark.django_db
JUDGE = frozenset({Scope.JUDGE})


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


# --- made and revoked -------------------------------------------------------------------------------------------------------------


def test_only_the_hash_of_a_token_is_kept() -> None:
    token, plain = create_token(user=make_annotator(), name="home", scopes=JUDGE, days=30)
    assert re.fullmatch(r"pl_[\w-]{43}", plain)
    assert (token.sha256, token.beginning) == (hash_of(plain), plain[:8])
    assert plain not in str(ApiToken.objects.values().get())
    assert timezone.now() + timedelta(days=29) < token.expires_at < timezone.now() + timedelta(days=31)


@pytest.mark.parametrize(
    ("roles", "scopes"),
    [
        (set(), set()),
        ({Role.ANNOTATOR}, {Scope.JUDGE, Scope.STATISTICS}),
        ({Role.RESEARCHER}, set(Scope)),
        ({Role.ADMIN}, set(Scope)),
    ],
)
def test_a_role_allows_tokens_for_what_it_may_do(roles: set[Role], scopes: set[Scope]) -> None:
    user = make_annotator(roles=frozenset(roles))
    assert set(scopes_for(user)) == scopes
    for scope in Scope:
        if scope in scopes:
            create_token(user=user, name=scope, scopes=frozenset({scope}), days=1)
        else:
            with pytest.raises(ScopeNotHeld, match=scope):
                create_token(user=user, name=scope, scopes=frozenset({scope, *scopes}), days=1)


def test_a_token_for_nothing_is_refused() -> None:
    with pytest.raises(ScopeNotHeld, match="nothing"):
        create_token(user=make_annotator(), name="x", scopes=frozenset(), days=1)


@pytest.mark.parametrize("days", [0, -1, 366, 10**9])
def test_a_token_lives_at_most_a_year(days: int) -> None:
    with pytest.raises(TokenLifetime, match=str(days)):
        create_token(user=make_annotator(), name="x", scopes=JUDGE, days=days)


@pytest.mark.parametrize("name", ["", "x" * 61])
def test_a_token_has_a_name_that_fits(name: str) -> None:
    with pytest.raises(ValidationError):
        create_token(user=make_annotator(), name=name, scopes=JUDGE, days=1)


def test_a_guest_gets_no_token() -> None:
    guest = make_annotator()
    guest.is_guest = True
    guest.save()
    with pytest.raises(GuestsHaveNoTokens):
        create_token(user=guest, name="x", scopes=JUDGE, days=1)
    assert signed_in(guest).get(reverse("tokens")).status_code == HTTPStatus.FORBIDDEN


def test_nobody_has_more_tokens_than_they_can_look_after() -> None:
    user = make_annotator()
    made = [create_token(user=user, name=str(n), scopes=JUDGE, days=1)[0] for n in range(ApiToken.MAX_LIVING)]
    with pytest.raises(TooManyTokens):
        create_token(user=user, name="one more", scopes=JUDGE, days=1)
    assert signed_in(user).post(reverse("tokens"), wish(name="one more")).status_code == 422
    revoke_token(user=user, token_id=made[0].pk)
    create_token(user=user, name="one more", scopes=JUDGE, days=1)


def test_a_revoked_token_opens_nothing_from_then_on() -> None:
    ann, bob = make_annotator("ann"), make_annotator("bob")
    token, plain = create_token(user=ann, name="x", scopes=JUDGE, days=1)
    assert Program(plain).post("assignments/", {}).status == 200
    assert not revoke_token(user=bob, token_id=token.pk)
    assert Program(plain).post("assignments/", {}).status == 200
    assert revoke_token(user=ann, token_id=token.pk)
    assert not revoke_token(user=ann, token_id=token.pk)
    assert Program(plain).post("assignments/", {}).code == "token_revoked"


def test_the_last_use_is_written_at_most_once_a_minute(django_assert_num_queries: Any) -> None:
    token, plain = create_token(user=make_annotator(), name="x", scopes=JUDGE, days=1)
    assert ApiToken.objects.get().last_used_at is None
    Program(plain).post("assignments/", {})
    used = ApiToken.objects.get()
    assert used.last_used_at is not None
    with django_assert_num_queries(0):
        note_use(token=used)
    earlier = timezone.now() - timedelta(seconds=61)
    ApiToken.objects.update(last_used_at=earlier)
    note_use(token=ApiToken.objects.get())
    assert ApiToken.objects.get(pk=token.pk).last_used_at > earlier  # type: ignore[operator]  # it is written


def test_two_requests_at_once_write_the_last_use_once() -> None:
    create_token(user=make_annotator(), name="x", scopes=JUDGE, days=1)
    both = [ApiToken.objects.get(), ApiToken.objects.get()]
    note_use(token=both[0])
    first = ApiToken.objects.get().last_used_at
    note_use(token=both[1])
    assert ApiToken.objects.get().last_used_at == first


# --- the page ---------------------------------------------------------------------------------------------------------------------


def wish(**fields: Any) -> dict[str, Any]:
    """What the form sends."""
    return {"name": "my judge", "scopes": ["judge"], "days": "30"} | fields


def test_a_new_token_is_shown_once_and_works() -> None:
    client = signed_in(make_annotator())
    answer = client.post(reverse("tokens"), wish(scopes=["judge", "statistics"]))
    plain = re.search(r'value="(pl_[\w-]{43})"', answer.content.decode())
    assert plain
    assert "no-store" in answer["Cache-Control"]
    assert Program(plain[1]).get("me/statistics/").status == 200
    later = client.get(reverse("tokens")).content.decode()
    assert plain[1] not in later
    assert plain[1][:8] in later
    assert "my judge" in later


def test_the_page_sent_twice_makes_one_token() -> None:
    client = signed_in(make_annotator())
    assert [client.post(reverse("tokens"), wish()).status_code for _ in range(2)] == [200, 422]
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 61},
        {"name": "a\x00b"},
        {"scopes": []},
        {"scopes": ["memes"]},
        {"scopes": ["judge", "everything"]},
        {"days": "366"},
        {"days": "soon"},
        {"days": ""},
    ],
)
def test_a_wish_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    answer = signed_in(make_annotator()).post(reverse("tokens"), wish(**change))
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not ApiToken.objects.exists()
    assert 'role="alert"' in answer.content.decode()


def test_the_page_offers_what_the_roles_allow() -> None:
    offers = {
        role: set(re.findall(r'name="scopes" value="(\w+)"', client.get(reverse("tokens")).content.decode()))
        for role in Role
        for client in [signed_in(make_annotator(role, roles=frozenset({role})))]
    }
    everything = {"judge", "memes", "statistics"}
    assert offers == {
        Role.ANNOTATOR: {"judge", "statistics"},
        Role.RESEARCHER: everything,
        Role.ADMIN: everything,
    }


def test_a_token_is_revoked_by_its_owner_only() -> None:
    ann, bob = make_annotator("ann"), make_annotator("bob")
    token, _ = create_token(user=ann, name="x", scopes=JUDGE, days=1)
    address = reverse("revoke_token", args=[token.pk])
    assert signed_in(bob).post(address).status_code == HTTPStatus.NOT_FOUND
    assert signed_in(ann).get(address).status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert signed_in(ann).post(address).status_code == HTTPStatus.FOUND
    assert ApiToken.objects.get().revoked_at is not None


def test_the_page_shows_ones_own_tokens_and_how_they_stand() -> None:
    ann, bob = make_annotator("ann"), make_annotator("bob")
    for name in ("alive", "dead", "over"):
        create_token(user=ann, name=name, scopes=JUDGE, days=1)
    create_token(user=bob, name="zebra", scopes=JUDGE, days=1)
    ApiToken.objects.filter(name="dead").update(revoked_at=timezone.now())
    ApiToken.objects.filter(name="over").update(expires_at=timezone.now())
    page = signed_in(ann).get(reverse("tokens")).content.decode()
    assert "zebra" not in page
    assert page.count("/revoke/") == 1
    assert (page.count("revoked "), page.count("expired "), page.count("works until")) == (1, 1, 1)


def test_a_hostile_name_is_text() -> None:
    client = signed_in(make_annotator())
    client.post(reverse("tokens"), wish(name='"><script>alert(1)</script>'))
    assert "<script>alert" not in client.get(reverse("tokens")).content.decode()
    assert ApiToken.objects.exists()


# --- the command ------------------------------------------------------------------------------------------------------------------


def test_the_command_prints_a_token_that_works() -> None:
    make_annotator("ann")
    out = StringIO()
    call_command("create_token", "ann", "--scope", "statistics", stdout=out, stderr=StringIO())
    assert Program(out.getvalue().strip()).get("me/statistics/").status == 200


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["bob"], "no account 'bob'"),
        (["ann", "--scope", "memes"], "no role of this account allows a token for memes"),
        (["ann", "--days", "400"], "between 1 and 365 days, not 400"),
        (["ann", "--name", ""], "blank"),
    ],
)
def test_the_command_says_why_not(arguments: list[str], words: str) -> None:
    make_annotator("ann")
    with pytest.raises(CommandError, match=words):
        call_command("create_token", *arguments, stdout=StringIO(), stderr=StringIO())
    assert not ApiToken.objects.exists()


def test_an_account_made_for_a_program_may_judge_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody can click consent for it: whoever makes the account gives it."""
    monkeypatch.setattr("sys.stdin", StringIO("a long password\n"))
    call_command("create_account", "judge-7", "--kind", "judge", stdout=StringIO())
    out = StringIO()
    call_command("create_token", "judge-7", stdout=out, stderr=StringIO())
    assert Program(out.getvalue().strip()).post("assignments/", {}).status == 200
    assert User.objects.get().kind == User.Kind.JUDGE
