"""The OpenAPI document: valid, complete, and true of what is answered."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import reverse

from annotation.api.document import document
from annotation.api.errors import ErrorCode
from annotation.models import Scope
from tests.annotation.api.asking import Program
from tests.annotation.api.test_access import EXPECTED, api_routes


def operations() -> dict[str, dict[str, Any]]:
    """What is described, by its address and method."""
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def test_the_document_is_valid_and_made_without_a_warning() -> None:
    written = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", "--format", "openapi-json", stdout=written)
    assert json.loads(written.getvalue())["paths"].keys() == document()["paths"].keys()


@pytest.mark.django_db
def test_everybody_may_read_the_document() -> None:
    told = Program().get("openapi.json")
    assert told.status == 200
    assert told.body == json.loads(json.dumps(document()))


def test_every_route_that_needs_a_token_is_described_and_nothing_else() -> None:
    wanted = {name for name, (_, scopes) in EXPECTED.items() if scopes}
    assert {str(route.name) for route in api_routes()} >= wanted
    assert len(operations()) == len(wanted)


def test_every_operation_needs_the_token_and_describes_its_refusals() -> None:
    for name, operation in operations().items():
        assert operation["security"] == [{"token": []}], name
        statuses = set(operation["responses"])
        assert {"401", "403", "405", "406", "429", "500"} <= statuses, name
        assert ({"400", "413", "415", "422"} <= statuses) == ("requestBody" in operation), name
        for status, answer in operation["responses"].items():
            if int(status) >= 400:
                schema = answer["content"]["application/json"]["schema"]
                assert schema == {"$ref": "#/components/schemas/ErrorOutput"}, (name, status)
        assert "Retry-After" in operation["responses"]["429"]["headers"]
        assert operation["summary"], name


def test_nothing_takes_or_gives_a_field_that_is_not_described() -> None:
    for name, component in document()["components"]["schemas"].items():
        if component["type"] == "object":
            assert component["additionalProperties"] is False, name


def test_the_codes_are_all_in_the_document_and_in_the_manual() -> None:
    from tests.annotation.api.test_manual import MANUAL

    listed = document()["components"]["schemas"]["CodeEnum"]["enum"]
    assert listed == [code.value for code in ErrorCode]
    for code in ErrorCode:
        assert f"| `{code}` | {int(code.status)} |" in MANUAL, code
    for scope in Scope:
        assert f"`{scope}`" in MANUAL


def test_a_pair_never_has_room_for_where_a_meme_comes_from() -> None:
    schemas = document()["components"]["schemas"]
    assert set(schemas["SideOutput"]["properties"]) == {"texts", "picture", "width", "height"}
    assert not {"origin", "generator"} & set(schemas["AssignmentOutput"]["properties"])


def test_the_document_has_an_address_of_its_own() -> None:
    assert reverse("api_openapi") == "/api/v1/openapi.json"
