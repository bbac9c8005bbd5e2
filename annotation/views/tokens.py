"""Somebody's API tokens."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotation.access import allow
from annotation.forms.tokens import MEANINGS, TokenForm
from annotation.models import Scope
from annotation.queries.tokens import tokens_of
from annotation.services.tokens import create_token, revoke_token
from annotation.views.requests import JUDGES, AnnotatorRequest


@allow(*JUDGES)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: AnnotatorRequest) -> HttpResponse:
    """The tokens somebody has, and a form for a further one, which is shown in the answer and never again."""
    if request.user.is_guest:
        raise PermissionDenied
    form, plain = TokenForm(request.POST or None, user=request.user), ""
    if request.method == "POST" and form.is_valid():
        _token, plain = create_token(user=request.user, **form.cleaned_data)
        form = TokenForm(user=request.user)
    shown = [(token, [MEANINGS[Scope(scope)] for scope in token.scopes]) for token in tokens_of(request.user)]
    context = {"form": form, "plain": plain, "tokens": shown}
    return render(request, "annotation/tokens.html", context, status=422 if form.errors else 200)


@allow(*JUDGES)
@require_POST
def revoke(request: AnnotatorRequest, token_id: int) -> HttpResponseRedirect:
    """End a token."""
    if not revoke_token(user=request.user, token_id=token_id):
        raise Http404
    messages.success(request, _("The token is revoked: it opens nothing from now on."))
    return redirect("tokens")
