"""Who may use which view: every view says so, and what says nothing is refused.

A view states its rule with `@public`, `@signed_in` or `@allow(Role…)`; `AccessMiddleware` enforces it in one place. Views of
libraries, which we cannot decorate, stand in `LIBRARY_VIEWS`. A view of the API states `@by_token(Scope…)`: no session opens it,
and `annotation.api.tokens` asks for the token.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from django.contrib.auth.models import AnonymousUser

from annotation.models import Role, Scope, User

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """A rule: everybody, everybody signed in, or the holders of any of these roles."""

    everybody: bool = False
    roles: frozenset[Role] | None = None  # None: being signed in is enough

    def allows(self, user: User | AnonymousUser) -> bool:
        """Whether this user may use a view under this rule."""
        if self.everybody:
            return True
        return user.is_authenticated and (self.roles is None or not self.roles.isdisjoint(user.roles))


# What a scope allows, it allows to the holders of these roles only, whatever a token says.
SCOPE_ROLES: Final[dict[Scope, frozenset[Role]]] = {
    Scope.JUDGE: frozenset(Role),
    Scope.MEMES: frozenset({Role.RESEARCHER, Role.ADMIN}),
    Scope.STATISTICS: frozenset(Role),
}


@dataclass(frozen=True, slots=True)
class TokenAccess:
    """A rule of the API: whoever shows a token with any of these scopes and holds a role that the scope is for."""

    scopes: frozenset[Scope]

    def allows(self, user: User | AnonymousUser) -> bool:
        """True: who is signed in does not matter here, the view asks for the token itself."""
        return True

    def allows_token(self, *, scopes: frozenset[Scope], roles: frozenset[Role]) -> bool:
        """Whether a token with these scopes, of somebody with these roles, opens a view under this rule."""
        return any(not SCOPE_ROLES[scope].isdisjoint(roles) for scope in self.scopes & scopes)


PUBLIC: Final = Access(everybody=True)
SIGNED_IN: Final = Access()


def public(view: View) -> View:
    """Everybody may use the view."""
    view.access = PUBLIC  # type: ignore[attr-defined]  # a function may carry its rule
    return view


def signed_in(view: View) -> View:
    """Everybody with an account may use the view."""
    view.access = SIGNED_IN  # type: ignore[attr-defined]  # as above
    return view


def allow(*roles: Role) -> Callable[[View], View]:
    """The holders of any of the roles may use the view."""

    def stated(view: View) -> View:
        view.access = Access(roles=frozenset(roles))  # type: ignore[attr-defined]  # as above
        return view

    return stated


def by_token(*scopes: Scope) -> Callable[[View], View]:
    """Whoever shows a token with any of these scopes may use the view, which must be one of `annotation.api`."""

    def stated(view: View) -> View:
        view.access = TokenAccess(scopes=frozenset(scopes))  # type: ignore[attr-defined]  # as above
        return view

    return stated


# django-allauth guards its own pages for signed-in people; they are open to reach here, and to Django's language switch.
LIBRARY_VIEWS: Final[dict[str, Access]] = {
    "set_language": PUBLIC,
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_signup": PUBLIC,
    "account_inactive": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "account_email_verification_sent": PUBLIC,
    "account_confirm_email": PUBLIC,
    "account_confirm_login_code": PUBLIC,
    "account_reauthenticate": SIGNED_IN,
    "account_email": SIGNED_IN,
    "account_change_password": SIGNED_IN,
    "account_set_password": SIGNED_IN,
}


def rule_of(view: Callable[..., Any], name: str | None) -> Access | TokenAccess | None:
    """The rule of a view, by its own word or its class's, or by its address's name; None when nobody said."""
    ours = getattr(view, "access", None) or getattr(getattr(view, "view_class", None), "access", None)
    stated: Access | TokenAccess | None = ours
    return stated or LIBRARY_VIEWS.get(name or "")
