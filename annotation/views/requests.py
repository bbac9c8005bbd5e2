"""What views know of a request and of who may judge."""

from __future__ import annotations

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from annotation.models import Role, User

JUDGES = (Role.ANNOTATOR, Role.RESEARCHER, Role.ADMIN)


class AnnotatorRequest(HttpRequest):
    """A request of somebody signed in."""

    user: User
    htmx: HtmxDetails
