"""Links that let people in: made, shown once, accepted within their quota whoever hurries, refused plainly."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from annotation.errors import AccountNeeded, InvitationUnusable
from annotation.models import Acceptance, Invitation, Role, User
from annotation.services.invitations import (
    accept_invitation,
    create_invitation,
    join_as_guest,
    revoke_invitation,
)
from annotation.services.people import create_user
from tests.annotation.builders import make_annotator, make_group

pytestmark = pytest.mark.django_db
PASSWORD = "correct horse battery"


def invite(role: Role = Role.ANNOTATOR, *, quota: int = 3, guests: bool = False) -> tuple[Invitation, str]:
    """An invitation for a week, and the address of its link."""
    invitation, secret = create_invitation(
        created_by=None, role=role, quota=quota, expires_at=timezone.now() + timedelta(days=7), guests=guests
    )
    return invitation, reverse("invited", args=[secret])


def outsider(name: str = "olga") -> User:
    """Somebody with an account and no role."""
    return create_user(username=name, password=PASSWORD, roles=frozenset())


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def spoil(invitation: Invitation, how: str) -> None:
    """Make an invitation unusable."""
    rows = Invitation.objects.filter(pk=invitation.pk)
    match how:
        case "revoked":
            revoke_invitation(invitation=invitation)
        case "over":
            rows.update(expires_at=timezone.now() - timedelta(seconds=1))
        case "used up":
            rows.update(accepted=F("quota"))


# --- the row --------------------------------------------------------------------------------------------------------------------


def test_only_a_hash_of_the_secret_is_kept() -> None:
    _, secret = create_invitation(
        created_by=None, role=Role.ANNOTATOR, quota=1, expires_at=timezone.now() + timedelta(days=1)
    )
    row = Invitation.objects.values().get()
    assert len(secret) >= 43  # 256 bits
    assert secret not in str(row)
    assert len(row["secret_sha256"]) == 64


def test_accepting_gives_the_role_and_counts_once() -> None:
    invitation, _ = invite(Role.RESEARCHER, quota=1)
    olga = outsider()
    for _ in range(2):
        accept_invitation(invitation=invitation, user=olga)
    invitation.refresh_from_db()
    assert User.objects.get(pk=olga.pk).roles == {Role.RESEARCHER}
    assert (invitation.accepted, Acceptance.objects.count()) == (1, 1)


def test_accepting_again_does_not_bring_a_role_back_that_an_admin_took() -> None:
    invitation, _ = invite(Role.RESEARCHER)
    olga = outsider()
    accept_invitation(invitation=invitation, user=olga)
    olga.groups.clear()
    accept_invitation(invitation=invitation, user=olga)
    assert User.objects.get(pk=olga.pk).roles == frozenset()


@pytest.mark.parametrize("how", ["revoked", "over", "used up"])
def test_an_unusable_invitation_lets_nobody_in(how: str) -> None:
    invitation, _ = invite(guests=True)
    spoil(invitation, how)
    olga = outsider()
    with pytest.raises(InvitationUnusable):
        accept_invitation(invitation=invitation, user=olga)
    with pytest.raises(InvitationUnusable):
        join_as_guest(invitation=invitation)
    assert User.objects.get().roles == frozenset()
    assert not Acceptance.objects.exists()


def test_a_quota_is_never_exceeded_not_even_by_hand() -> None:
    invitation, _ = invite(quota=1)
    with (
        pytest.raises(IntegrityError, match="an_invitation_is_accepted_within_its_quota"),
        transaction.atomic(),
    ):
        Invitation.objects.filter(pk=invitation.pk).update(accepted=2)


def test_a_guest_becomes_no_researcher_before_having_an_account() -> None:
    door, _ = invite(guests=True)
    invitation, _ = invite(Role.RESEARCHER)
    guest = join_as_guest(invitation=door)
    with pytest.raises(AccountNeeded):
        accept_invitation(invitation=invitation, user=guest)
    assert User.objects.get().roles == {Role.ANNOTATOR}


def hurry(jobs: Sequence[Callable[[], object]]) -> list[bool]:
    """Do all at the same moment, each in a thread of its own; which succeeded."""
    start, done = threading.Barrier(len(jobs)), []

    def run(job: Callable[[], object]) -> None:
        start.wait()
        try:
            job()
            done.append(True)
        except InvitationUnusable:
            done.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[job]) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == len(jobs), "a thread failed"
    return done


@pytest.mark.django_db(transaction=True)
def test_of_eight_at_the_same_moment_exactly_the_quota_gets_in() -> None:
    invitation, _ = invite(quota=3, guests=True)
    people = [outsider(f"olga-{number}") for number in range(4)]
    jobs: list[Callable[[], object]] = [partial(join_as_guest, invitation=invitation)] * 4
    jobs += [partial(accept_invitation, invitation=invitation, user=user) for user in people]
    assert sorted(hurry(jobs)) == [False] * 5 + [True] * 3
    invitation.refresh_from_db()
    assert invitation.accepted == Acceptance.objects.count() == 3
    assert User.objects.filter(groups__name="annotator").count() == 3
    assert (
        User.objects.filter(is_guest=True).count() == Acceptance.objects.filter(user__is_guest=True).count()
    )


@pytest.mark.django_db(transaction=True)
def test_one_person_in_six_windows_counts_once() -> None:
    invitation, _ = invite(quota=4)
    olga = outsider()
    assert hurry([partial(accept_invitation, invitation=invitation, user=olga)] * 6) == [True] * 6
    invitation.refresh_from_db()
    assert (invitation.accepted, Acceptance.objects.count()) == (1, 1)


# --- the link -------------------------------------------------------------------------------------------------------------------


def test_looking_at_a_link_uses_nothing_up_however_often() -> None:
    invitation, link = invite(quota=1, guests=True)
    for client in (Client(), signed_in(outsider())):
        for method in ("get", "head"):
            assert getattr(client, method)(link).status_code == HTTPStatus.OK
    invitation.refresh_from_db()
    assert invitation.accepted == 0
    assert User.objects.count() == 1


def test_no_request_from_the_page_names_its_address() -> None:
    _, link = invite()
    answer = Client().get(link)
    assert answer["Referrer-Policy"] == "strict-origin"
    assert answer["X-Robots-Tag"] == "noindex"
    assert "no-store" in answer["Cache-Control"]
    # The language form of the foot names the page it stands on: a post to our own server, not a link.
    assert len(re.findall(re.escape(link), answer.content.decode())) <= 1


def test_somebody_signed_in_gets_the_role_beside_their_own() -> None:
    _, link = invite(Role.RESEARCHER)
    ann = make_annotator()
    client = signed_in(ann)
    assert client.post(link).status_code == HTTPStatus.FOUND
    assert User.objects.get(pk=ann.pk).roles == {Role.ANNOTATOR, Role.RESEARCHER}
    assert "You are in already" in client.get(link).content.decode()


def test_a_guest_who_is_invited_to_more_is_led_to_an_account_first() -> None:
    _, door = invite(guests=True)
    invitation, link = invite(Role.RESEARCHER)
    client = Client()
    client.post(door, {"how": "guest"})
    assert client.post(link)["Location"] == reverse("keep_account")
    client.post(reverse("keep_account"), {"username": "nina", "password1": PASSWORD, "email": ""})
    assert client.post(link)["Location"] == reverse("home")
    assert User.objects.get().roles == {Role.ANNOTATOR, Role.RESEARCHER}
    invitation.refresh_from_db()
    assert invitation.accepted == 1


@pytest.mark.parametrize("how", ["revoked", "over", "used up"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_unusable_link_says_so_and_nothing_else(how: str, method: str) -> None:
    invitation, link = invite(Role.ADMIN)
    Invitation.objects.update(note="for the board of Acme")
    spoil(invitation, how)
    answer = getattr(Client(), method)(link, {"how": "account"})
    page = answer.content.decode()
    assert answer.status_code == HTTPStatus.GONE
    assert {"revoked": "was withdrawn", "over": "is over", "used up": "is used up"}[how] in page
    assert "Acme" not in page
    assert 'name="how"' not in page


def test_a_link_nobody_made_is_not_found() -> None:
    invite()
    for secret in ("x", "a" * 43, "%00", "' OR 1=1 --", "é" * 200, "🙂"):
        for method in ("get", "post"):
            answer = getattr(Client(), method)(reverse("invited", args=["x"]).replace("/x/", f"/{secret}/"))
            assert answer.status_code == HTTPStatus.NOT_FOUND


def test_a_guest_judges_by_one_tap() -> None:
    make_group(4)
    invitation, link = invite(guests=True)
    client = Client()
    assert client.post(link, {"how": "guest"})["Location"] == reverse("judge")
    guest = User.objects.get()
    assert re.fullmatch(r"guest-[2-9a-z]{6}", guest.username)
    assert (guest.is_guest, guest.has_usable_password()) == (True, False)
    assert guest.roles == {Role.ANNOTATOR}
    assert client.get(reverse("judge"))["Location"] == reverse("welcome")
    client.post(reverse("welcome"), {"adult": "on", "licence": "on", "rude": "on"})
    assert "<article" in client.get(reverse("judge")).content.decode()
    invitation.refresh_from_db()
    assert invitation.accepted == 1


@pytest.mark.parametrize("how", ["guest", "", "admin"])
def test_no_guest_comes_where_guests_are_not_invited(how: str) -> None:
    _, link = invite(guests=False)
    assert Client().post(link, {"how": how}).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not User.objects.exists()


def sign_up(client: Client, name: str = "nina") -> Any:
    return client.post(reverse("account_signup"), {"username": name, "email": "", "password1": PASSWORD})


@pytest.mark.parametrize("opened", [True, False])
@pytest.mark.parametrize("role", list(Role))
def test_a_stranger_signs_up_into_the_role(role: Role, opened: bool, settings: Settings) -> None:
    settings.OPEN_SIGNUP = opened
    invitation, link = invite(role)
    client = Client()
    assert client.post(link, {"how": "account"})["Location"].startswith(reverse("account_signup"))
    assert sign_up(client).status_code == HTTPStatus.FOUND
    assert User.objects.get().roles == {role}
    invitation.refresh_from_db()
    assert invitation.accepted == 1


def test_an_invitation_opens_a_closed_sign_up_for_one(settings: Settings) -> None:
    settings.OPEN_SIGNUP = False
    _, link = invite(quota=5)
    client = Client()
    client.get(link)
    sign_up(client)
    assert not User.objects.exists(), "looking is not accepting"
    client.post(link, {"how": "account"})
    sign_up(client, "nina")
    client.logout()
    page = sign_up(client, "nora").content.decode()
    assert "By invitation" in page
    assert [user.username for user in User.objects.all()] == ["nina"]


@pytest.mark.parametrize("how", ["revoked", "over", "used up"])
def test_an_invitation_that_ends_before_the_sign_up_makes_no_account(how: str, settings: Settings) -> None:
    settings.OPEN_SIGNUP = False
    invitation, link = invite(Role.ADMIN)
    client = Client()
    client.post(link, {"how": "account"})
    spoil(invitation, how)
    assert "By invitation" in sign_up(client).content.decode()
    assert not User.objects.exists()


def test_the_last_place_taken_while_the_form_is_sent_makes_no_account(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look whether sign-up is open and the account, somebody else takes the last place."""
    settings.OPEN_SIGNUP = False
    invitation, link = invite(quota=1)
    client = Client()
    client.post(link, {"how": "account"})
    real = User.set_password

    def somebody_is_quicker(self: User, raw: str | None) -> None:
        Invitation.objects.filter(pk=invitation.pk).update(accepted=1)
        real(self, raw)

    monkeypatch.setattr(User, "set_password", somebody_is_quicker)
    answer = sign_up(client)
    assert answer.status_code == HTTPStatus.GONE
    assert not User.objects.exists()


def test_with_open_sign_up_a_late_stranger_is_an_annotator_and_told(settings: Settings) -> None:
    settings.OPEN_SIGNUP = True
    invitation, link = invite(Role.ADMIN)
    client = Client()
    client.post(link, {"how": "account"})
    spoil(invitation, "revoked")
    sign_up(client)
    assert User.objects.get().roles == {Role.ANNOTATOR}


@pytest.mark.parametrize("usable", [True, False])
def test_signing_in_completes_an_invitation(usable: bool) -> None:
    invitation, link = invite(Role.RESEARCHER)
    olga = outsider()
    client = Client()
    assert client.post(link, {"how": "sign_in"})["Location"].startswith(reverse("account_login"))
    if not usable:
        spoil(invitation, "revoked")
    client.post(reverse("account_login"), {"login": "olga", "password": PASSWORD})
    assert "_auth_user_id" in client.session
    assert User.objects.get(pk=olga.pk).roles == ({Role.RESEARCHER} if usable else frozenset())


def test_an_invitation_left_lying_in_a_browser_is_nobodys_after_an_hour(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from annotation import accounts

    _, link = invite(Role.ADMIN)
    olga = outsider()
    client = Client()
    client.post(link, {"how": "account"})
    monkeypatch.setattr(accounts, "BROUGHT_S", 0)
    client.post(reverse("account_login"), {"login": "olga", "password": PASSWORD})
    assert User.objects.get(pk=olga.pk).roles == frozenset()


def test_joining_is_limited_by_address(settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"join": "2/m/ip"}
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    invitation, link = invite(quota=9, guests=True)

    def join(forwarded: str) -> int:
        answer = Client().post(link, {"how": "guest"}, headers={"x-forwarded-for": forwarded})
        assert answer.status_code != HTTPStatus.TOO_MANY_REQUESTS or answer["Retry-After"] == "60"
        return int(answer.status_code)

    # The last address is the one our own proxy saw; what a client writes before it changes nothing.
    assert [join(f"10.0.0.{n}, 203.0.113.5") for n in range(3)] == [302, 302, 429]
    assert join("203.0.113.5, 203.0.113.6") == HTTPStatus.FOUND
    invitation.refresh_from_db()
    assert invitation.accepted == User.objects.count() == 3


def test_a_form_from_elsewhere_accepts_nothing() -> None:
    _, link = invite(guests=True)
    client = Client(enforce_csrf_checks=True)
    assert client.post(link, {"how": "guest"}).status_code == HTTPStatus.FORBIDDEN
    assert not User.objects.exists()


# --- the page of the admins -----------------------------------------------------------------------------------------------------


def test_an_admin_makes_a_link_that_is_shown_once() -> None:
    client = signed_in(make_annotator(roles=frozenset({Role.ADMIN})))
    said = {"role": "annotator", "quota": "30", "days": "7", "note": "course in May", "guests": "on"}
    page = client.post(reverse("invitations"), said).content.decode()
    found = re.search(r'value="http://testserver(/join/[^"/]+/)"', page)
    assert found
    again = client.get(reverse("invitations")).content.decode()
    assert "course in May" in again
    assert found[1] not in again
    assert "0 / 30" in again
    assert Client().get(found[1]).status_code == HTTPStatus.OK
    row = Invitation.objects.get()
    assert (row.quota, row.guests, row.role, row.created_by) == (30, True, "annotator", User.objects.get())
    assert timedelta(days=6.9) < row.expires_at - timezone.now() <= timedelta(days=7)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("role", "king"),
        ("quota", "0"),
        ("quota", "10001"),
        ("quota", "many"),
        ("days", "0"),
        ("days", "366"),
        ("note", "x" * 121),
        ("note", "a\x00b"),
    ],
)
def test_a_bad_field_makes_no_link(field: str, value: str) -> None:
    client = signed_in(make_annotator(roles=frozenset({Role.ADMIN})))
    said = {"role": "annotator", "quota": "3", "days": "7", "note": ""} | {field: value}
    assert client.post(reverse("invitations"), said).status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert not Invitation.objects.exists()


@pytest.mark.parametrize("role", ["researcher", "admin"])
def test_guests_can_not_be_invited_into_other_roles(role: str) -> None:
    client = signed_in(make_annotator(roles=frozenset({Role.ADMIN})))
    said = {"role": role, "quota": "3", "days": "7", "guests": "on"}
    page = client.post(reverse("invitations"), said)
    assert page.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Guests can be annotators only." in page.content.decode()
    assert not Invitation.objects.exists()


def test_a_revoked_link_keeps_the_date_of_the_first_time() -> None:
    client = signed_in(make_annotator(roles=frozenset({Role.ADMIN})))
    invitation, link = invite()
    client.post(reverse("revoke_invitation", args=[invitation.pk]))
    first = Invitation.objects.get().revoked_at
    client.post(reverse("revoke_invitation", args=[invitation.pk]))
    assert first is not None
    assert Invitation.objects.get().revoked_at == first
    assert Client().get(link).status_code == HTTPStatus.GONE
    assert client.post(reverse("revoke_invitation", args=[9999])).status_code == HTTPStatus.NOT_FOUND
