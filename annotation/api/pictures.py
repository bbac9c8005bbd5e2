"""Pictures by token."""

from __future__ import annotations

from typing import Any

from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.cache import patch_cache_control
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

from annotation.access import by_token
from annotation.api.errors import ErrorCode
from annotation.api.views import ApiRequest, ApiView, refusals
from annotation.models import Scope
from annotation.pictures import NAME, picture_answer


def address_of(picture: str) -> str | None:
    """Where a stored picture can be had by token."""
    return reverse("api_picture", args=[picture]) if NAME.fullmatch(picture) else None


class AnyClient(BaseContentNegotiation):
    """A picture is what it is, and a refusal is JSON, whatever the client says it takes."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first one."""
        return renderers[0], renderers[0].media_type


@by_token(Scope.JUDGE, Scope.MEMES)
class Picture(ApiView):
    """A picture of a meme or a meme template."""

    content_negotiation_class = AnyClient

    @extend_schema(
        operation_id="read_picture",
        summary="A picture",
        parameters=[
            OpenApiParameter(
                "name",
                str,
                OpenApiParameter.PATH,
                pattern=f"^{NAME.pattern}$",
                description="As in `picture` of a meme or a meme template, behind `/pictures/`.",
            )
        ],
        responses={
            (200, "image/*"): OpenApiResponse(OpenApiTypes.BINARY, description="The picture."),
            **refusals(ErrorCode.NOT_FOUND),
        },
    )
    def get(self, request: ApiRequest, name: str) -> HttpResponseBase:
        """The bytes. A name is the hash of its picture, so a client may keep it for good."""
        answer = picture_answer(name)
        if answer is None:
            raise NotFound
        patch_cache_control(answer, private=True, max_age=31_536_000, immutable=True)
        return answer
