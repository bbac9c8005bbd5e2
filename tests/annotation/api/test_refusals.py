"""One shape for every refusal under /api/, a code that programs can rely on, and nothing in it that is nobody's business."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from annotation.api.errors import CODES, MEANINGS, ErrorCode
from annotation.api.judging import Assignments
from annotation.api.parsing import MAX_BODY
from annotation.models import Assignment, Judgment, Scope
from annotation.services import judging
from tests.annotation.api.asking import Program, Told, judging_program, judgment, program_of, reading_program
from tests.annotation.builders import make_annotator, make_group

pytestmark = pytest.mark.django_db


def assert_shape(told: Told, code: str) -> None:
    """Exactly an error, with the status its code has."""
    assert told.headers["Content-Type"] == "application/json"
    assert set(told.body) == {"error"}
    assert {"code", "message"} <= set(told.body["error"]) <= {"code", "message", "field", "details"}
    assert told.code == code
    assert told.status == ErrorCode(code).status


def test_every_code_has_a_status_and_a_sentence() -> None:
    assert set(MEANINGS) == set(ErrorCode)
    assert all(code.value == code.name.lower() for code in ErrorCode)
    assert set(CODES.values()) <= set(ErrorCode)


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"left", b"", b"{'a': 1}", b'{"count": NaN}', b'{"count": Infinity}', b"\xff\xfe", b"\xef\xbb\xbf{}",
        b"[" * 100_000, b'{"a":' * 50_000, b"1" * 5000, b'{"count": ' + b"9" * 5000 + b"}", "{}".encode("utf-16"),
        b'{"count": 1}{"count": 1}', b'{"a": "\x00"}',
    ],
)  # fmt: skip
def test_a_body_that_is_no_json_is_malformed(body: bytes) -> None:
    told = judging_program().post("judgments/", body)
    assert_shape(told, "malformed" if body else "invalid")


@pytest.mark.parametrize("body", [[], "left", 1, None, True, [{"count": 1}]])
def test_a_body_that_is_no_object_is_invalid(body: Any) -> None:
    assert_shape(judging_program().post("judgments/", json.dumps(body).encode()), "invalid")


@pytest.mark.parametrize("text", ["\x00", "\ud800", "\udfff x", "left\x00", "‮", "💥" * 1000])
def test_text_that_no_database_could_hold_is_a_refusal_wherever_it_stands(text: str) -> None:
    program = judging_program()
    for body in (
        judgment(1, text),
        judgment(1, token=text),
        {text: text},
        judgment(1) | {text: 1},
        {"judgments": text},
    ):
        assert_shape(program.post("judgments/", body), "invalid")
    (row,) = program.post("judgments/batch/", {"judgments": [{text: text}]}).body["results"]
    assert row["error"]["code"] == "invalid"


def test_a_field_nobody_knows_is_told_by_the_beginning_of_its_name() -> None:
    told = judging_program().post("assignments/", {"x" * 10_000: 1})
    assert_shape(told, "invalid")
    assert told.body["error"]["field"] == "x" * 40


def test_a_body_that_is_too_large_is_refused_unread() -> None:
    told = judging_program().post("judgments/batch/", b" " * (MAX_BODY + 1))
    assert_shape(told, "too_large")
    assert_shape(judging_program("bob").post("judgments/batch/", b" " * MAX_BODY), "malformed")


def test_a_body_in_chunks_is_refused_and_never_taken_for_an_empty_one() -> None:
    program = judging_program()  # Django sees no length then, and would read nothing
    for path in ("assignments/", "assignments/renew/", "judgments/", "judgments/batch/"):
        assert_shape(program.post(path, b"", transfer_encoding="chunked"), "length_required")
    assert not Assignment.objects.exists()


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "x" * 999]
)
def test_only_json_is_taken(kind: str) -> None:
    assert_shape(
        judging_program().post("assignments/", {"count": 1}, content_type=kind), "unsupported_media_type"
    )


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/png, text/*"])
def test_only_json_is_given(accept: str) -> None:
    assert_shape(judging_program().post("assignments/", {}, accept=accept), "not_acceptable")


def test_no_query_makes_another_format_of_it() -> None:
    assert judging_program().post("assignments/?format=xml", {}).status == 200


@pytest.mark.parametrize("path", ["", "/api/", "/api/v2/memes/", "memes", "memes/x/", "memes/99999999999999999999/",
                                  "openapi.yaml", "/api/%00", "/api/v1/a%0Ab", "/api/../secret_key"])  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "DELETE"])
def test_an_address_that_is_not_there_is_told_so_in_json(path: str, method: str) -> None:
    assert_shape(Program().ask(method, path), "not_found")


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "GET"])
def test_another_method_is_refused_with_those_there_are(method: str) -> None:
    told = judging_program().ask(method, "assignments/")
    assert_shape(told, "method_not_allowed")
    assert told.headers["Allow"] == "POST"


def test_a_failure_of_ours_tells_nothing_and_is_written_down(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(**_: object) -> None:
        raise OperationalError("FATAL: password of zebra at 10.0.0.7 in SELECT secret")

    monkeypatch.setattr(judging, "next_assignments", fails)
    told = judging_program().post("assignments/", {})
    assert_shape(told, "internal")
    assert "zebra" not in str(told.body)
    assert "zebra" in caplog.text


def test_what_breaks_outside_the_views_is_told_in_the_same_shape(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that this is not; a middleware that fails; a view that states no rule."""
    program = judging_program()
    assert_shape(program.post("assignments/", {}, host="zebra.example"), "malformed")

    def fails(*_: object) -> None:
        raise OperationalError("zebra")

    with monkeypatch.context() as patch:
        patch.setattr("annotation.middleware.rule_of", fails)
        told = program.post("assignments/", {})
        assert_shape(told, "internal")
        assert "zebra" not in str(told.body)
    with monkeypatch.context() as patch:
        patch.delattr(Assignments, "access")
        assert_shape(program.post("assignments/", {}), "role_missing")


def test_elsewhere_a_refusal_is_a_page() -> None:
    answer = Client().get("/", headers={"host": "zebra.example"})
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("text/html")


def test_an_error_of_a_service_that_the_api_does_not_know_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    from annotation.errors import UnknownTemplate

    def fails(**_: object) -> None:
        raise UnknownTemplate("zebra")

    monkeypatch.setattr(judging, "next_assignments", fails)
    assert_shape(judging_program().post("assignments/", {}), "internal")


def test_what_is_said_does_not_change_with_a_browsers_language() -> None:
    make_group(3)
    program = judging_program()
    (pair,) = program.lease()
    told = program.post("judgments/", judgment(pair["id"], response_ms=-1), accept_language="zh-hans")
    assert told.body["error"]["message"] == "response_ms: Ensure this value is greater than or equal to 0."
    assert told.headers["Content-Language"] == "en"


def test_answers_are_kept_by_nobody() -> None:
    assert judging_program().post("assignments/", {}).headers["Cache-Control"] == "no-store"
    assert Program().get("memes/").headers["Cache-Control"] == "no-store"


def test_no_form_of_another_site_can_use_a_session() -> None:
    """There is no CSRF token to ask for, as there is nothing a cookie opens."""
    make_group(3)
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_annotator())
    answer = client.post(reverse("api_judgments"), json.dumps(judgment(1)), content_type="application/json")
    assert answer.status_code == 401
    assert not Judgment.objects.exists()


# --- how often --------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time that windows are counted by, which stands still until it is set."""
    now = [6_000.0]
    monkeypatch.setattr("annotation.api.tokens.time.time", lambda: now[0])
    return now


def rates(settings: Any, **given: str) -> None:
    """Other rates."""
    framework = settings.REST_FRAMEWORK
    settings.REST_FRAMEWORK = framework | {
        "DEFAULT_THROTTLE_RATES": framework["DEFAULT_THROTTLE_RATES"] | given
    }


def test_a_token_that_asks_too_often_waits_and_others_do_not(settings: Any, clock: list[float]) -> None:
    rates(settings, token="3/hour")
    ann = make_annotator()
    one, other = program_of(ann, Scope.STATISTICS), program_of(ann, Scope.STATISTICS)
    assert [one.get("me/statistics/").status for _ in range(3)] == [200] * 3
    told = one.get("me/statistics/")
    assert_shape(told, "throttled")
    assert int(told.headers["Retry-After"]) == 1200
    assert other.get("me/statistics/").status == 200


def test_whoever_tries_tokens_waits_and_good_tokens_from_there_do_not(
    settings: Any, clock: list[float]
) -> None:
    rates(settings, failures="3/hour")
    good = judging_program()
    bad = Program("pl_wrong")
    assert [bad.post("assignments/", {}).code for _ in range(3)] == ["token_unknown"] * 3
    told = bad.post("assignments/", {})
    assert_shape(told, "throttled")
    assert int(told.headers["Retry-After"]) == 1200
    assert good.post("assignments/", {}).status == 200


def test_a_window_that_has_passed_opens_again(settings: Any, clock: list[float]) -> None:
    rates(settings, token="1/min")
    program = judging_program()
    assert [program.post("assignments/", {}).status for _ in range(2)] == [200, 429]
    clock[0] += 60
    assert program.post("assignments/", {}).status == 200


# --- queries of addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=nice", "status"),
        ("status=", "status"),
        ("status=active&status=retired", "status"),
        ("origin=zebra", "origin"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("limit=1_0", "limit"),
        ("limit=%D9%A3", "limit"),
        ("limit=9999999999999999999999", "limit"),
        ("cursor=x", "cursor"),
        ("cursor=-1", "cursor"),
        ("template=one", "template"),
        ("language=%00", "language"),
        ("language=%0B", "language"),
        ("language=en%0A", "language"),
        ("language=", "language"),
        ("language=" + "x" * 13, "language"),
        ("statuss=active", "statuss"),
        ("q=%FF%FE", "q"),
    ],
)
def test_a_query_that_is_not_as_described_is_invalid(query: str, field: str) -> None:
    told = reading_program().get(f"memes/?{query}")
    assert_shape(told, "invalid")
    assert told.body["error"]["field"] == field
