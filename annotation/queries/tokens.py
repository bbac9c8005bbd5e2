"""Reads: API tokens."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone

from annotation.access import SCOPE_ROLES
from annotation.compiled import Argument, compiled
from annotation.models import ApiToken, Scope, User


@compiled
def token_with(sha256: Argument) -> QuerySet[ApiToken, ApiToken]:
    """The token of a hash, with its owner; every request to the API asks for one."""
    return ApiToken.objects.filter(sha256=sha256).select_related("user")


def tokens_of(user: User) -> QuerySet[ApiToken]:
    """Somebody's tokens, those revoked too, newest first."""
    return ApiToken.objects.filter(user=user).order_by("-id")


def living_tokens_of(user: User) -> QuerySet[ApiToken]:
    """Somebody's tokens that open something now."""
    return tokens_of(user).filter(revoked_at=None, expires_at__gt=timezone.now())


def scopes_for(user: User) -> list[Scope]:
    """What somebody's roles allow a token for."""
    return [scope for scope in Scope if not SCOPE_ROLES[scope].isdisjoint(user.roles)]
