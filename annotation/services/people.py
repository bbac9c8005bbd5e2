"""Accounts, roles, consent, practice, pauses."""

from __future__ import annotations

import secrets

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.models import Group as RoleGroup
from django.db import transaction
from django.utils import timezone

from annotation.errors import LastAdmin
from annotation.models import (
    ApiToken,
    Assignment,
    Consent,
    Invitation,
    PracticeAnswer,
    PracticePair,
    Role,
    User,
)
from annotation.queries.judging import practice_left
from corpus.comparisons import Outcome


@transaction.atomic
def create_user(
    *,
    username: str,
    password: str | None = None,
    email: str = "",
    roles: frozenset[Role] = frozenset({Role.ANNOTATOR}),
    kind: str = User.Kind.PERSON,
) -> User:
    """An account with its roles; without a password it cannot sign in."""
    user = User(username=username, email=email, kind=kind)
    user.set_password(password)
    user.full_clean(exclude=["password"])
    user.save()
    grant_roles(user=user, roles=roles)
    return user


def grant_roles(*, user: User, roles: frozenset[Role]) -> None:
    """Give somebody roles beside those they have."""
    user.groups.add(*(RoleGroup.objects.get_or_create(name=role.value)[0] for role in roles))


@transaction.atomic
def set_roles(*, user: User, roles: frozenset[Role]) -> None:
    """Give somebody exactly these roles. Raises `LastAdmin`."""
    if Role.ADMIN not in roles:
        _revoke_links_to_more(user)
        _keep_an_admin_beside(user)
    user.groups.remove(*RoleGroup.objects.filter(name__in=set(Role) - roles))
    grant_roles(user=user, roles=roles)


def _revoke_links_to_more(user: User) -> None:
    """End the links somebody made that give more than judging: whoever is no admin any more has no way back by their own.

    Before the roles are locked: accepting an invitation locks them in this order.
    """
    links = Invitation.objects.filter(created_by=user, revoked_at=None).exclude(role=Role.ANNOTATOR)
    for pk in links.order_by("pk").values_list("pk", flat=True):
        links.filter(pk=pk).update(revoked_at=timezone.now())


def _keep_an_admin_beside(user: User) -> None:
    """Raise `LastAdmin` if nobody else could administer; two admins who let each other go wait here for each other."""
    RoleGroup.objects.select_for_update().filter(name=Role.ADMIN).first()
    admins = User.objects.filter(groups__name=Role.ADMIN, is_active=True)
    if admins.filter(pk=user.pk).exists() and not admins.exclude(pk=user.pk).exists():
        raise LastAdmin(user.get_username())


@transaction.atomic
def keep_guest(*, guest: User, username: str, password: str) -> None:
    """Make a guest somebody with an account of their own; everything they gave stays theirs."""
    guest.username, guest.is_guest = username, False
    guest.set_password(password)
    guest.full_clean(exclude=["password"])
    guest.save(update_fields=["username", "is_guest", "password"])


def pause_person(*, person: User, reason: str) -> None:
    """Serve somebody nothing to judge from now on. What they gave is kept, and what they answer to pairs they hold is stored."""
    User.objects.filter(pk=person.pk).update(paused_at=timezone.now(), paused_because=reason)


def resume_person(*, person: User) -> None:
    """End somebody's pause."""
    User.objects.filter(pk=person.pk).update(paused_at=None, paused_because="")


@transaction.atomic
def close_account(*, user: User) -> None:
    """Forget who somebody is: no name, no address, no way in. Their rows stay and go into no dataset. Raises `LastAdmin`."""
    _revoke_links_to_more(user)
    _keep_an_admin_beside(user)
    now = timezone.now()
    withdraw_consent(annotator=user)
    EmailAddress.objects.filter(user=user).delete()
    ApiToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
    Assignment.objects.filter(annotator=user, status=Assignment.Status.LEASED).update(lease_until=now)
    user.groups.clear()
    user.username, user.email, user.first_name, user.last_name = f"closed-{secrets.token_hex(8)}", "", "", ""
    user.set_unusable_password()
    user.is_active, user.closed_at, user.last_login = False, now, None  # signed out everywhere
    user.save()


@transaction.atomic
def give_consent(*, annotator: User) -> None:
    """Record that somebody, an adult, agreed to the consent in force; a second time changes nothing."""
    Consent.objects.get_or_create(
        annotator=annotator,
        version=settings.CONSENT_VERSION,
        withdrawn_at=None,
        defaults={"licence": settings.JUDGMENTS_LICENCE, "is_adult": True},
    )
    annotator.consent_version = settings.CONSENT_VERSION
    annotator.save(update_fields=["consent_version"])


@transaction.atomic
def withdraw_consent(*, annotator: User) -> None:
    """Take consent back: judgments stay, and are in no export from now on."""
    Consent.objects.filter(annotator=annotator, withdrawn_at=None).update(withdrawn_at=timezone.now())
    annotator.consent_version = ""
    annotator.save(update_fields=["consent_version"])


def dismiss_warning(*, annotator: User) -> None:
    """Remember that somebody clicked the content warning away."""
    User.objects.filter(pk=annotator.pk, warning_seen_at=None).update(warning_seen_at=timezone.now())


def save_preferences(*, annotator: User, daily_goal: int, meme_languages: list[str]) -> None:
    """Store somebody's daily goal and the languages they judge memes in (none: any)."""
    annotator.daily_goal, annotator.meme_languages = daily_goal, meme_languages
    annotator.full_clean(exclude=["password"])
    annotator.save(update_fields=["daily_goal", "meme_languages"])


@transaction.atomic
def record_practice(
    *, annotator: User, practice_pair: PracticePair, outcome: Outcome, better_on_left: bool
) -> None:
    """Store an answer to a practice pair; the last one ends the practice. The first answer to each pair stands."""
    PracticeAnswer.objects.get_or_create(
        practice_pair=practice_pair,
        annotator=annotator,
        defaults={"outcome": outcome, "better_on_left": better_on_left},
    )
    if not practice_left(annotator).exists():
        end_practice(annotator=annotator)


def end_practice(*, annotator: User) -> None:
    """Somebody has practised enough, or passed the practice over."""
    User.objects.filter(pk=annotator.pk, practised_at=None).update(practised_at=timezone.now())
