"""Accounts, roles, consent, practice."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import Group as RoleGroup
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotation.models import Consent, PracticeAnswer, PracticePair, Role, User
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
    if not PracticePair.objects.exclude(Q(answers__annotator=annotator)).exists():
        end_practice(annotator=annotator)


def end_practice(*, annotator: User) -> None:
    """Somebody has practised enough, or passed the practice over."""
    User.objects.filter(pk=annotator.pk, practised_at=None).update(practised_at=timezone.now())
