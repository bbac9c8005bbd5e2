"""How django-allauth's sign-up and sign-in fit in here, and the invitation that somebody brings to them."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any, Final

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from annotation.compiled import Argument, compiled
from annotation.errors import AccountNeeded, InvitationUnusable
from annotation.models import Invitation, Role, User
from annotation.queries.invitations import State, state_of
from annotation.services.invitations import accept_invitation
from annotation.services.people import grant_roles

IN_SESSION: Final = "invitation"
BROUGHT_S: Final = 60 * 60  # an invitation that was not used within an hour is left to the next click


@compiled
def user_with(pk: Argument) -> QuerySet[User, User]:
    """One account."""
    return User.objects.filter(pk=pk)


class SignIn(AuthenticationBackend):  # type: ignore[misc]  # allauth carries no types
    """allauth's, with whoever is signed in asked for by a query whose SQL is written once: every request does."""

    def get_user(self, user_id: int) -> User | None:
        return next((user for user in user_with(pk=user_id) if self.user_can_authenticate(user)), None)


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth carries no types
    """Whoever signs up is an annotator, or what their invitation makes them; whether anybody may is a setting."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """By the setting, or by an invitation that was accepted in this browser."""
        brought = brought_invitation(request)
        return bool(settings.OPEN_SIGNUP) or (brought is not None and state_of(brought) is State.OPEN)

    @transaction.atomic
    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        """The account with its role: none without the other."""
        saved: User = super().save_user(request, user, form, commit=commit)
        brought = brought_invitation(request)
        if commit and not _accept_brought(request, saved):
            if not settings.OPEN_SIGNUP:
                raise ImmediateHttpResponse(too_late(request, brought))
            grant_roles(user=saved, roles=frozenset({Role.ANNOTATOR}))
        return saved

    def post_login(self, request: HttpRequest, user: User, **said: Any) -> HttpResponse:
        """Signing in completes an invitation that was accepted before."""
        answer: HttpResponse = super().post_login(request, user, **said)
        if brought_invitation(request) and not _accept_brought(request, user):
            messages.warning(request, _("The invitation can not be used any more."))
        return answer


# --- an invitation between its link and the sign-up or sign-in ------------------------------------------------------------------


def bring_invitation(request: HttpRequest, invitation: Invitation) -> None:
    """Keep in the session which invitation somebody accepts, until they have signed up or in."""
    request.session[IN_SESSION] = [invitation.pk, int(time.time())]


def brought_invitation(request: HttpRequest) -> Invitation | None:
    """The invitation that somebody brings along."""
    match request.session.get(IN_SESSION):
        case [int(pk), int(since)] if time.time() - since < BROUGHT_S:
            return Invitation.objects.filter(pk=pk).first()
    return None


def _accept_brought(request: HttpRequest, user: User) -> bool:
    """Accept the invitation that somebody brings; whether there was one, and it could be."""
    invitation = brought_invitation(request)
    request.session.pop(IN_SESSION, None)
    if invitation is None:
        return False
    try:
        accept_invitation(invitation=invitation, user=user)
    except (InvitationUnusable, AccountNeeded):
        return False
    return True


def too_late(request: HttpRequest, invitation: Invitation | None) -> HttpResponse:
    """The page about an invitation that can not be used any more."""
    if invitation is not None:
        invitation.refresh_from_db()
    state = State.EXPIRED if invitation is None else state_of(invitation)
    return render(request, "annotation/invited.html", {"state": state}, status=HTTPStatus.GONE)
