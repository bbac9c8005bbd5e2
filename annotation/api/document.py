"""The OpenAPI document, and what is served beside the API itself."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.utils.cache import patch_cache_control
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from annotation.access import public
from annotation.api.views import ApiView


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass brings no types
    """How a token is shown, for the document."""

    target_class = "annotation.api.tokens.BearerToken"
    name = "token"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        """A bearer token."""
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A token made at /me/tokens/, for one or more of the scopes judge, memes, statistics.",
        }


# The headers that go with a status, for every operation.
HEADERS = {
    "401": {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True}},
    "405": {"Allow": {"schema": {"type": "string"}, "required": True}},
    "429": {
        "Retry-After": {
            "schema": {"type": "integer", "minimum": 1},
            "required": True,
            "description": "Seconds.",
        }
    },
}


def exact(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """A hook of the generator: nothing takes or gives fields that are not described, and headers are described too."""
    for component in result["components"]["schemas"].values():
        if component.get("type") == "object" and "properties" in component:
            component["additionalProperties"] = False
    operations = [operation for methods in result["paths"].values() for operation in methods.values()]
    for operation in operations:
        for status, answer in operation["responses"].items():
            if status in HEADERS:
                answer["headers"] = HEADERS[status]
    return result


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, made once per process."""
    generator: Any = SchemaGenerator  # without types
    made: dict[str, Any] = generator().get_schema(request=None, public=True)
    return made


@public
class OpenApi(ApiView):
    """The description of the API for programs."""

    authentication_classes = ()  # a token that opens nothing must not close what is open to all

    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        """The OpenAPI document."""
        answer = Response(document())
        patch_cache_control(answer, public=True, max_age=300)
        return answer


@public
class Nowhere(ApiView):
    """Every other address under /api/: so that what is not there is answered in the API's own words."""

    http_method_names = [*ApiView.http_method_names, "put", "patch", "delete", "options", "trace"]  # noqa: RUF012 - as Django's

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Whatever is asked."""
        raise NotFound
