"""Links that let people in: what an admin makes of them, and what stands behind one."""

from __future__ import annotations

from http import HTTPStatus

from allauth.core import ratelimit
from django.contrib import messages
from django.contrib.auth import login
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST

from annotation.access import allow, public
from annotation.accounts import bring_invitation, too_late
from annotation.errors import AccountNeeded, InvitationUnusable
from annotation.forms.invitations import InvitationForm
from annotation.forms.people import ROLE_NAMES
from annotation.models import Invitation, Role
from annotation.queries import invitations as queries
from annotation.queries.invitations import State
from annotation.services.invitations import accept_invitation, create_invitation, join_as_guest
from annotation.services.invitations import revoke_invitation as revoke
from annotation.views.pages import slow_down
from annotation.views.requests import AnnotatorRequest

PAGE = 50
JOINING_WAIT_S = 60  # the window of the limit on joining
GUEST_AGE_S = (
    365 * 24 * 60 * 60
)  # nobody can sign in as a guest again: what ends with the session is lost to them

# --- for admins -----------------------------------------------------------------------------------------------------------------


@allow(Role.ADMIN)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def invitations(request: AnnotatorRequest) -> HttpResponse:
    """All invitations, and a new one, whose link is shown in this answer and never again."""
    form = InvitationForm(request.POST or None)
    link = None
    if request.method == "POST" and form.is_valid():
        _made, secret = create_invitation(created_by=request.user, **form.cleaned_data)
        link = request.build_absolute_uri(reverse("invited", args=[secret]))
        form = InvitationForm()
    page = Paginator(queries.invitations(), PAGE).get_page(request.GET.get("page"))
    listed = [(one, ROLE_NAMES[Role(one.role)], queries.state_of(one)) for one in page]
    context = {"form": form, "link": link, "page": page, "listed": listed}
    return render(request, "annotation/invitations.html", context, status=422 if form.errors else 200)


@allow(Role.ADMIN)
@require_POST
def revoke_invitation(request: AnnotatorRequest, invitation_id: int) -> HttpResponseRedirect:
    """Let nobody in by this link from now on."""
    revoke(invitation=get_object_or_404(Invitation, pk=invitation_id))
    messages.success(request, _("Nobody can use that link any more."))
    return redirect("invitations")


# --- for whoever has a link -----------------------------------------------------------------------------------------------------


@public
@never_cache
@sensitive_variables("secret")
@require_http_methods(["GET", "HEAD", "POST"])
def invited(request: AnnotatorRequest, secret: str) -> HttpResponse:
    """What stands behind a link: reading it changes nothing, so that a preview uses nothing up; posting accepts it."""
    invitation = queries.invitation_of(secret)
    if invitation is None:
        raise Http404
    answer = _accept(request, invitation) if request.method == "POST" else _shown(request, invitation)
    answer["Referrer-Policy"] = "strict-origin"  # the address is the secret: no request from here may name it
    answer["X-Robots-Tag"] = "noindex"
    return answer


def _shown(request: HttpRequest, invitation: Invitation, *, status: int = 200) -> HttpResponse:
    """The page about an invitation; whoever came by it already is told so."""
    if request.user.is_authenticated and queries.has_accepted(invitation, request.user):
        return render(request, "annotation/invited.html", {"accepted": True})
    state = queries.state_of(invitation)
    if state is not State.OPEN:
        return too_late(request, invitation)
    context = {
        "state": state,
        "role": ROLE_NAMES[Role(invitation.role)],
        "judges_only": invitation.role == Role.ANNOTATOR,
        "guests": invitation.guests,
    }
    return render(request, "annotation/invited.html", context, status=status)


def _accept(request: AnnotatorRequest, invitation: Invitation) -> HttpResponse:
    """Let somebody signed in have the role; let a stranger sign up, sign in, or judge as a guest."""
    if not ratelimit.consume(request, action="join"):
        return slow_down(request, retry_after_s=JOINING_WAIT_S)
    try:
        if request.user.is_authenticated:
            accept_invitation(invitation=invitation, user=request.user)
            messages.success(request, _("Welcome! The invitation is accepted."))
            return redirect("home")
        return _let_in(request, invitation)
    except InvitationUnusable:
        return too_late(request, invitation)
    except AccountNeeded:
        messages.info(
            request, _("This invitation needs an account: make one of your visit, then open the link again.")
        )
        return redirect("keep_account")


def _let_in(request: AnnotatorRequest, invitation: Invitation) -> HttpResponse:
    """The way in that a stranger chose. Raises `InvitationUnusable`."""
    if queries.state_of(invitation) is not State.OPEN:
        raise InvitationUnusable(invitation.pk)
    match request.POST.get("how"):
        case "guest" if invitation.guests:
            login(request, join_as_guest(invitation=invitation))
            request.session.set_expiry(GUEST_AGE_S)
            return redirect("judge")
        case "account":
            bring_invitation(request, invitation)
            return redirect(f"{reverse('account_signup')}?next={reverse('judge')}")
        case "sign_in":
            bring_invitation(request, invitation)
            return redirect(f"{reverse('account_login')}?next={reverse('judge')}")
        case _:
            return _shown(request, invitation, status=HTTPStatus.UNPROCESSABLE_ENTITY)
