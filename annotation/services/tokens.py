"""API tokens: made, used, revoked. Only a token's hash is kept."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from annotation.errors import GuestsHaveNoTokens, ScopeNotHeld, TokenLifetime, TooManyTokens
from annotation.models import ApiToken, Scope, User
from annotation.queries.tokens import living_tokens_of, scopes_for

SECRET_BYTES: Final = 32
BEGINNING: Final = 8  # characters of a token that are kept so that its owner knows it again
NOTED_EVERY: Final = timedelta(minutes=1)  # the last use is written this often at most


def hash_of(plain: str) -> str:
    """What is kept of a token. It is random and long: one plain hash is as good as a slow one, and cheap on every request."""
    return hashlib.sha256(plain.encode()).hexdigest()


@transaction.atomic
def create_token(*, user: User, name: str, scopes: frozenset[Scope], days: int) -> tuple[ApiToken, str]:
    """A new token and, this once, the token itself.

    Raises `GuestsHaveNoTokens`, `ScopeNotHeld`, `TokenLifetime`, `TooManyTokens`, and `ValidationError` for a bad name.
    """
    if user.is_guest:
        raise GuestsHaveNoTokens
    if not scopes or not scopes <= frozenset(scopes_for(user)):
        raise ScopeNotHeld(frozenset(scopes) - frozenset(scopes_for(user)))
    if not 1 <= days <= ApiToken.MAX_DAYS:
        raise TokenLifetime(days, ApiToken.MAX_DAYS)
    User.objects.select_for_update().get(pk=user.pk)  # two windows at once count each other's
    if living_tokens_of(user).count() >= ApiToken.MAX_LIVING:
        raise TooManyTokens(ApiToken.MAX_LIVING)
    plain = ApiToken.PREFIX + secrets.token_urlsafe(SECRET_BYTES)
    token = ApiToken(
        user=user,
        name=name,
        sha256=hash_of(plain),
        beginning=plain[:BEGINNING],
        scopes=sorted(scopes),
        expires_at=timezone.now() + timedelta(days=days),
    )
    token.full_clean(exclude=["last_used_at", "revoked_at"])
    token.save()
    return token, plain


def revoke_token(*, user: User, token_id: int) -> bool:
    """End one of somebody's own tokens, for good and at once; whether there was one to end."""
    mine = ApiToken.objects.filter(pk=token_id, user=user, revoked_at=None)
    return bool(mine.update(revoked_at=timezone.now()))


def note_use(*, token: ApiToken) -> None:
    """Remember that a token was used, to the minute: most requests write nothing."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - NOTED_EVERY:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - NOTED_EVERY)
        ApiToken.objects.filter(stale, pk=token.pk).update(last_used_at=now)
