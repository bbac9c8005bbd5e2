"""Who asks: a token in the header `Authorization: Bearer pl_…`, and nothing else. A session opens nothing here."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from math import ceil
from typing import TYPE_CHECKING, Any, Final, cast

from django.core.cache import cache
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle

from annotation.access import Access, TokenAccess
from annotation.api.errors import ErrorCode, Refusal
from annotation.models import ApiToken, Scope, User
from annotation.queries.tokens import token_with
from annotation.services.tokens import hash_of, note_use

if TYPE_CHECKING:  # the framework's views load this module, by its settings
    from rest_framework.views import APIView

KEYWORD: Final = "bearer"
MAX_TOKEN: Final = 200  # characters; ours have 46


class BearerToken(BaseAuthentication):
    """Finds the token of a request and its owner."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        """The owner and the token, or None when the header is missing. Raises a refusal for a token that opens nothing."""
        header = request.headers.get("Authorization", "")
        if not header:
            return None
        token = living_token(header)
        if isinstance(token, ErrorCode):
            FailureThrottle().count(request)
            raise Refusal(token)
        note_use(token=token)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What to ask a client for that showed nothing."""
        return 'Bearer realm="api"'


def living_token(header: str) -> ApiToken | ErrorCode:
    """The token that a header names, or why it opens nothing."""
    keyword, _, plain = header.partition(" ")
    if keyword.lower() != KEYWORD:
        return ErrorCode.TOKEN_MISSING
    plain = plain.strip()
    if not plain.isascii() or not plain.startswith(ApiToken.PREFIX) or len(plain) > MAX_TOKEN:
        return ErrorCode.TOKEN_UNKNOWN
    token = next(iter(token_with(sha256=hash_of(plain))), None)
    if token is None:
        return ErrorCode.TOKEN_UNKNOWN
    if token.user.closed_at is not None or not token.user.is_active:
        return ErrorCode.ACCOUNT_CLOSED
    if token.revoked_at is not None:
        return ErrorCode.TOKEN_REVOKED
    if token.expires_at <= timezone.now():
        return ErrorCode.TOKEN_EXPIRED
    return token


class TokenAllows(BasePermission):
    """Holds a view's own rule (`@by_token` or `@public`); a view without one is closed."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """True, or a refusal that says what is missing."""
        rule: Access | TokenAccess | None = getattr(view, "access", None)
        if isinstance(rule, Access):
            return rule.everybody
        if rule is None:
            return False
        if request.auth is None:
            raise Refusal(ErrorCode.TOKEN_MISSING)
        token, user = cast(ApiToken, request.auth), cast(User, request.user)
        scopes = frozenset(Scope(scope) for scope in token.scopes)
        if scopes.isdisjoint(rule.scopes):
            wanted = " or ".join(sorted(rule.scopes))
            raise Refusal(ErrorCode.SCOPE_MISSING, f"This token lacks the scope {wanted}.")
        if not rule.allows_token(scopes=scopes, roles=user.roles):
            raise Refusal(ErrorCode.ROLE_MISSING)
        return True


# --- how often --------------------------------------------------------------------------------------------------------------------


class WindowThrottle(BaseThrottle, ABC):
    """So many requests in each window of the clock, counted in the shared cache: one small number per token or address.

    Twice as many can pass where two windows meet; a list of every request's time would be exact and cost a hundred times more.
    """

    scope: str

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; whether it is within the rate."""
        most, self._window_s = rate_of(self.scope)
        window = int(time.time() // self._window_s)
        key = f"api:{self.scope}:{self.ident(request)}:{window}"
        try:
            return cache.incr(key) <= most
        except ValueError:  # the first of its window
            return cache.add(key, 1, timeout=self._window_s * 2) or cache.incr(key) <= most

    def wait(self) -> float:
        """Seconds until the next window."""
        return self._window_s - time.time() % self._window_s

    @abstractmethod
    def ident(self, request: Request) -> str:
        """Whose requests are counted together."""


class TokenThrottle(WindowThrottle):
    """How often one token may ask."""

    scope = "token"

    def ident(self, request: Request) -> str:
        """The token's number, or the address of somebody who needs none."""
        return str(request.auth.pk) if isinstance(request.auth, ApiToken) else str(self.get_ident(request))


class FailureThrottle(WindowThrottle):
    """How often one address may show a token that opens nothing. Good tokens from there stay welcome."""

    scope = "failures"

    def count(self, request: Request) -> None:
        """Count a failure. Raises a refusal when there were too many."""
        if not self.allow_request(request, cast(Any, None)):
            raise Refusal(ErrorCode.THROTTLED, retry_after_s=ceil(self.wait()))

    def ident(self, request: Request) -> str:
        """The address."""
        return str(self.get_ident(request))


def rate_of(scope: str) -> tuple[int, int]:
    """Requests and seconds of a rate such as `600/min` in the settings."""
    rates = cast(dict[str, Any], api_settings.DEFAULT_THROTTLE_RATES)
    most, seconds = SimpleRateThrottle.parse_rate(cast(Any, None), rates[scope])
    return int(most or 0), int(seconds or 1)
