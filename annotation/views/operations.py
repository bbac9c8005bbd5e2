"""What load balancers and Prometheus ask; `annotation.middleware.probes` lets their requests in by any host name."""

from __future__ import annotations

from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden, HttpResponseNotAllowed, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from annotation.access import public
from annotation.metrics import exposition
from annotation.models import Role
from annotation.readiness import readiness


@public
@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """This process is alive; nothing else is asked."""
    return HttpResponse("alive\n", content_type="text/plain; charset=utf-8")


@public
@never_cache
@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Whether database, broker and storage answer: 200, or 503 naming which does not."""
    found = readiness.ask()
    ready = all(found.values())
    words = {name: "ready" if fine else "not ready" for name, fine in found.items()}
    return JsonResponse({"ready": ready, **words}, status=200 if ready else 503)


@public
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The numbers, for a program with the token of the settings or an admin who is signed in."""
    if not may_read_metrics(request):
        return HttpResponseForbidden(
            "These numbers are for admins, and for programs with the token.\n",
            content_type="text/plain; charset=utf-8",
        )
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def may_read_metrics(request: HttpRequest) -> bool:
    """Whether the request shows the token, or comes from an admin. A wrong token is refused whoever shows it."""
    shown = request.headers.get("Authorization")
    if shown is not None:
        token = settings.METRICS_TOKEN
        return bool(token) and compare_digest(shown.encode(), f"Bearer {token}".encode())
    return request.user.is_authenticated and Role.ADMIN in request.user.roles
