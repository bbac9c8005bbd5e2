"""The page about the dataset."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from annotation.access import allow
from annotation.models import Role
from annotation.queries.dataset import dataset_counts


@allow(Role.RESEARCHER, Role.ADMIN)
@require_safe
def dataset(request: HttpRequest) -> HttpResponse:
    """What a dataset made now would hold, and how to have it."""
    context = {"counts": dataset_counts(), "licence": settings.JUDGMENTS_LICENCE}
    return render(request, "annotation/dataset.html", context)
