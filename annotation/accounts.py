"""How django-allauth's sign-up fits in here."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from annotation.compiled import Argument, compiled
from annotation.models import Role, User
from annotation.services.people import grant_roles


@compiled
def user_with(pk: Argument) -> QuerySet[User, User]:
    """One account."""
    return User.objects.filter(pk=pk)


class SignIn(AuthenticationBackend):  # type: ignore[misc]  # allauth carries no types
    """allauth's, with whoever is signed in asked for by a query whose SQL is written once: every request does."""

    def get_user(self, user_id: int) -> User | None:
        return next((user for user in user_with(pk=user_id) if self.user_can_authenticate(user)), None)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Whoever signs up is an annotator; whether anybody may is a setting."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.OPEN_SIGNUP)

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        saved: User = super().save_user(request, user, form, commit=commit)
        if commit:
            grant_roles(user=saved, roles=frozenset({Role.ANNOTATOR}))
        return saved
