"""What an admin sees first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.access import allow
from annotation.models import Role
from annotation.queries import overview as queries


@allow(Role.ADMIN)
@require_safe
def overview(request: HttpRequest) -> HttpResponse:
    """How much there is, what happens, what people complain of."""
    return render(request, "annotation/overview.html", queries.overview())
