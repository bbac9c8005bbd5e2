"""What whoever runs it relies on: probes that always answer, numbers that are right, logs that tell enough and no secret."""

from __future__ import annotations

import io
import json
import logging
import logging.config
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from celery import Celery
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import DjangoAssertNumQueries, Settings

from annotation import logs, metrics, readiness
from annotation.access import public
from annotation.models import Assignment, Judgment, Role
from annotation.queries import operations
from annotation.services import judging
from annotation.views import operations as views
from annotation.views import pages
from corpus.comparisons import Outcome
from tests.annotation.builders import make_annotator, make_group, make_meme, make_template

pytestmark = pytest.mark.django_db
TOKEN = "a-token-that-nobody-guesses"


# --- probes -------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("asked_anew")
@pytest.mark.parametrize("name", ["healthz", "readyz"])
def test_a_probe_is_answered_under_any_host_without_https_or_a_session(name: str, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = Client().get(reverse(name), headers={"host": "10.9.8.7:8000"})
    assert answer.status_code == HTTPStatus.OK
    assert not answer.cookies
    assert "no-store" in answer["Cache-Control"]
    assert Client().get("/guidelines/", headers={"host": "10.9.8.7:8000"}).status_code != HTTPStatus.OK


def test_being_alive_asks_nothing_of_the_database(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert Client().get("/healthz").content == b"alive\n"


def test_probes_change_nothing() -> None:
    assert Client().post("/healthz").status_code == HTTPStatus.METHOD_NOT_ALLOWED
    assert Client().post("/readyz").status_code == HTTPStatus.METHOD_NOT_ALLOWED


@pytest.fixture
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer of a moment ago."""
    monkeypatch.setattr(views, "readiness", readiness.everything())


@pytest.mark.usefixtures("asked_anew")
def test_ready_means_that_all_three_answer() -> None:
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()) == (
        HTTPStatus.OK,
        {"ready": True, "database": "ready", "broker": "ready", "storage": "ready"},
    )


@pytest.mark.usefixtures("asked_anew")
def test_a_storage_that_takes_no_files_is_named_and_its_place_is_not(
    settings: Settings, tmp_path: Path
) -> None:
    taken = tmp_path / "secret-place"
    taken.write_text("a file where the folder should be")
    default = {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": taken}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    answer = Client().get("/readyz")
    assert answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    assert answer.json() == {"ready": False, "database": "ready", "broker": "ready", "storage": "not ready"}
    assert b"secret-place" not in answer.content


@pytest.mark.usefixtures("asked_anew")
@pytest.mark.parametrize("address", ["redis://:hunter2@127.0.0.1:1/0", "amqp://u:hunter2@127.0.0.1:1//"])
def test_a_broker_that_is_gone_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, address: str
) -> None:
    monkeypatch.delenv("CELERY_BROKER_URL", raising=False)  # Celery would take it before ours
    monkeypatch.setattr(readiness, "current_app", Celery("gone", broker=address, set_as_current=False))
    answer = Client().get("/readyz")
    assert answer.json()["broker"] == "not ready"
    assert answer.json()["database"] == "ready"
    assert "the broker is not ready" in caplog.text
    assert "hunter2" not in answer.content.decode() + caplog.text


def test_a_check_that_hangs_is_not_waited_for_and_not_asked_twice(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(readiness, "PATIENCE_S", 0.05)
    monkeypatch.setattr(readiness, "REMEMBERED_S", -1)
    asked, go_on = [], threading.Event()

    def hang() -> None:
        asked.append(1)
        go_on.wait(timeout=20)

    ready = readiness.Readiness(readiness.Check("thing", hang), readiness.Check("other", lambda: None))
    assert [ready.ask() for _ in range(3)] == [{"thing": False, "other": True}] * 3
    assert len(asked) == 1
    assert caplog.text.count("thing is not ready") == 1
    go_on.set()
    deadline = time.monotonic() + 10
    while not ready.ask()["thing"]:
        assert time.monotonic() < deadline
    assert "thing is ready again" in caplog.text


def test_asking_often_does_not_ask_the_servers_often() -> None:
    asked: list[int] = []
    ready = readiness.Readiness(readiness.Check("thing", lambda: asked.append(1)))
    assert [ready.ask() for _ in range(50)] == [{"thing": True}] * 50
    assert len(asked) == 1


# --- metrics ------------------------------------------------------------------------------------------------------------------


def numbers() -> dict[str, float]:
    """Every sample by its name and labels."""
    text = metrics.exposition().decode()
    return {
        " ".join([sample.name, *sorted(sample.labels.values())]): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def judge(count: int, outcome: Outcome = Outcome.LEFT, name: str = "ann") -> None:
    annotator = make_annotator(name)
    for _ in range(count):
        lease = judging.lease_pair(annotator=annotator)
        assert lease is not None
        judging.record_judgment(annotator=annotator, assignment_id=lease.pk, token=uuid4(), outcome=outcome)


def test_the_numbers_of_the_database_are_those_of_its_rows() -> None:
    make_group(5)
    judge(2)
    judge(1, Outcome.BOTH_BAD, "bob")
    Judgment.objects.filter(annotator__username="bob").update(
        shown_at=timezone.now() - timedelta(hours=1), judged_at=timezone.now() - timedelta(minutes=6)
    )
    leased = Assignment.objects.filter(status="leased")
    leased.filter(pk=leased.earliest("pk").pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    meme = make_meme(make_template(), "not yet")
    meme.status = "pending"
    meme.save()
    found = numbers()
    assert found["punchline_judgments_total left"] == 2
    assert found["punchline_judgments_total both_bad"] == 1
    assert found["punchline_judgments_total tie"] == 0
    assert found["punchline_leases"] == leased.count() - 1
    assert found["punchline_leases_overdue"] == 1
    assert found["punchline_memes_waiting"] == 1
    assert found["punchline_people_judging"] == 1


def test_judgments_are_counted_once_and_then_only_what_came_since(monkeypatch: pytest.MonkeyPatch) -> None:
    make_group(8)
    judge(3)
    assert operations.judgments_by_outcome()["left"] == 3
    monkeypatch.setattr(operations, "SETTLED_S", -1)
    judge(2, Outcome.TIE, "bob")
    assert operations.judgments_by_outcome() == {"left": 3, "right": 0, "tie": 2, "both_bad": 0}
    settled = cache.get(operations.CACHED)
    assert settled.counts["left"] == 3  # what was there at the first time is not looked at again
    Judgment.objects.filter(outcome="left", pk__lte=settled.until).update(outcome="right")
    judge(1, Outcome.TIE, "cyd")
    assert operations.judgments_by_outcome() == {"left": 3, "right": 0, "tie": 3, "both_bad": 0}


def test_what_was_remembered_of_another_database_is_forgotten() -> None:
    newer = operations.Tally(90, dict.fromkeys(Outcome, 30), 10**12, time.time())
    cache.set(operations.CACHED, newer)
    assert set(operations.judgments_by_outcome().values()) == {0}


def test_requests_are_counted_by_page_method_and_status() -> None:
    name = "punchline_requests_total 200 GET guidelines"
    before = numbers().get(name, 0)
    Client().get("/guidelines/")
    found = numbers()
    assert found[name] == before + 1
    assert found["punchline_request_seconds_count guidelines"] >= before + 1


def test_a_visitor_cannot_make_labels_up() -> None:
    """Each label's combinations are kept for good: a visitor's own would fill the memory."""
    Client().generic("INVENTED", "/guidelines/")
    Client().get("/what-a-visitor-typed/")
    text = metrics.exposition().decode()
    assert "INVENTED" not in text
    assert "typed" not in text
    assert 'method="other"' in text


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        (f"Bearer {TOKEN}", HTTPStatus.OK),
        (f"Bearer {TOKEN}x", HTTPStatus.FORBIDDEN),
        ("Bearer ", HTTPStatus.FORBIDDEN),
        (f"Basic {TOKEN}", HTTPStatus.FORBIDDEN),
        ("Bearer tökën", HTTPStatus.FORBIDDEN),
    ],
)
def test_a_program_shows_the_token(shown: str, status: HTTPStatus, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = Client().get("/metrics", headers={"authorization": shown, "host": "10.9.8.7"})
    assert answer.status_code == status
    assert (b"punchline_judgments_total" in answer.content) == (status == HTTPStatus.OK)
    assert TOKEN not in answer.content.decode()


@pytest.mark.parametrize("shown", ["Bearer ", "Bearer", "", "Bearer None"])
def test_without_a_token_in_the_settings_none_opens_them(shown: str, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    assert Client().get("/metrics", headers={"authorization": shown}).status_code == HTTPStatus.FORBIDDEN


def test_a_wrong_token_is_refused_though_an_admin_is_signed_in() -> None:
    client = Client()
    client.force_login(make_annotator("root", roles=frozenset({Role.ADMIN})))
    assert client.get("/metrics").status_code == HTTPStatus.OK
    assert client.get("/metrics", headers={"authorization": "Bearer x"}).status_code == HTTPStatus.FORBIDDEN


# --- logs ---------------------------------------------------------------------------------------------------------------------


class Log:
    """All that is logged, in the form of a server, as lines of JSON."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        return self.stream.getvalue()

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines()]

    def of(self, logger: str) -> list[dict[str, Any]]:
        return [line for line in self.lines if line["logger"] == logger]


@pytest.fixture
def log(settings: Settings) -> Iterator[Log]:
    """The log of a server from here on."""
    log = Log()
    configuration = logs.configuration(form="json", level="WARNING", requests=True)
    configuration["handlers"]["console"]["stream"] = log.stream
    logging.config.dictConfig(configuration)
    yield log
    logging.config.dictConfig(settings.LOGGING)


@public
def breaking(request: HttpRequest) -> HttpResponse:
    logging.getLogger("annotation.anything").warning("before it breaks")
    raise RuntimeError("mail to ann@example.org about postgres://punchline:hunter2@db/x failed")


@pytest.fixture
def broken_page(monkeypatch: pytest.MonkeyPatch) -> Client:
    """A browser that opens the guidelines, which break."""
    from django.urls import get_resolver

    route = next(entry for entry in _patterns(get_resolver().url_patterns) if entry.name == "guidelines")
    monkeypatch.setattr(route, "callback", breaking)
    return Client(raise_request_exception=False)


def _patterns(entries: list[Any]) -> Iterator[Any]:
    for entry in entries:
        if hasattr(entry, "url_patterns"):
            yield from _patterns(entry.url_patterns)
        else:
            yield entry


def test_a_request_is_one_line_with_its_number_and_whom_it_was_of(log: Log) -> None:
    client, ann = Client(), make_annotator()
    client.force_login(ann)
    answer = client.get("/me/?a=secret")
    (line,) = log.lines
    assert line.pop("timestamp").endswith("Z")
    assert line.pop("ms") >= 0
    assert line == {
        "level": "info",
        "logger": "annotation.requests",
        "event": "request",
        "request_id": answer["X-Request-ID"],
        "method": "GET",
        "route": "me",
        "status": 200,
        "user": ann.pk,
    }


def test_a_number_that_came_along_is_kept_when_it_is_sane(log: Log) -> None:
    for given, kept in [
        ("0123abcd-from_the-proxy", True),
        ("short", False),
        ("x" * 65, False),
        ('a"b\n{}cdefgh', False),
    ]:
        answered = Client().get("/guidelines/", headers={"x-request-id": given})["X-Request-ID"]
        assert (answered == given) == kept
        assert log.lines[-1]["request_id"] == answered
    first, second = (Client().get("/guidelines/")["X-Request-ID"] for _ in range(2))
    assert first != second


def test_every_line_of_a_request_carries_its_number_and_the_page_that_broke_shows_it(
    log: Log, broken_page: Client
) -> None:
    answer = broken_page.get("/guidelines/")
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    number = answer["X-Request-ID"]
    assert f"<code>{number}</code>" in answer.content.decode()
    assert [line["request_id"] for line in log.lines] == [number] * 3
    assert (
        log.of("django.request")[0]["event"] == "Internal Server Error: guidelines"
    )  # its path may be a secret
    trace = log.of("django.request")[0]["exception"]
    assert "RuntimeError" in trace
    assert "in breaking" in trace
    logging.getLogger("annotation.anything").warning("later")
    assert "request_id" not in log.lines[-1]


def test_no_secret_and_no_personal_data_is_logged(log: Log, broken_page: Client) -> None:
    secret = "dGhpc0lzQVNlY3JldExpbmsxMjM0NTY3ODkwYWJj"
    plain = "noCapitalsAndDigitsMustBeInWhatWasDrawnAtRandom"  # one token in fifteen hundred has no digit
    client, ann = Client(raise_request_exception=False), make_annotator("ann")
    client.force_login(ann)
    broken_page.get(
        "/guidelines/", {"email": "bob@example.org"}, headers={"authorization": f"Bearer {secret}"}
    )
    for path in (
        f"/join/{secret}/",
        f"/join/{secret}",
        f"/nowhere/{secret}/",
        f"/accounts/password/reset/key/1-{secret}/",
    ):
        client.get(path)
        client.post(path, {"password": "correct horse"})
    client.post("/accounts/login/", {"login": "ann@example.org", "password": "correct horse"})
    Client(enforce_csrf_checks=True).post(f"/join/{secret}/", {"password": "correct horse"})
    client.get("/guidelines/", headers={"host": "evil.example"})
    for line in (
        f"GET /join/{secret}/ failed",
        f"redis://:hunter2@cache:6379/0 and amqp://user:hunter2@queue// and https://{secret}@sentry.example",
        f"Authorization: Bearer {secret}",
        f"token {secret} of ann.o'tator+x@mail.example.org",
        f"Invalid HTTP Header: 'AUTHORIZATION BEARER {secret.lower()}'",
        f"the token pl_{plain} is odd",
        "Invalid request from ip=203.0.113.7: bad",
    ):
        logging.getLogger("gunicorn.error").error(line)
    for word in (
        secret,
        secret.lower(),
        plain,
        "hunter2",
        "correct horse",
        "example.org",
        "203.0.113.7",
        "ann@",
        "bob@",
    ):
        assert word not in log.text, word
    assert {line["route"] for line in log.of("annotation.requests")} > {"guidelines", "-"}


def test_what_helps_to_find_a_fault_is_not_taken_for_a_secret() -> None:
    for text in (
        'duplicate key value violates unique constraint "a_meme_stands_once_per_template_and_language"',
        f"memes/ab/{'ab' * 32}.jpg is not there",
        "File annotation/services/judging.py, line 12, in record_judgment",
        "http://127.0.0.1:8000/",
    ):
        assert logs.clean(text) == text


def test_a_terminal_gets_words_and_no_line_per_request(log: Log) -> None:
    configuration = logs.configuration(form="lines", level="WARNING", requests=False)
    configuration["handlers"]["console"]["stream"] = log.stream
    logging.config.dictConfig(configuration)
    Client().get("/guidelines/")
    assert log.text == ""
    logging.getLogger("annotation.anything").warning("the %s is full", "disk")
    assert log.text.endswith("WARNING annotation.anything: the disk is full\n")
    assert "{" not in log.text


def test_a_probe_is_not_in_the_log(log: Log) -> None:
    for path in ("/healthz", "/readyz"):
        Client().get(path)
    Client().get("/metrics", headers={"authorization": "Bearer x"})
    assert [line for line in log.lines if line["level"] != "warning"] == []
    assert log.of("annotation.requests") == []


def test_the_line_of_a_request_costs_no_query(
    log: Log, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Signed in, but the page asks nothing of the account: the log does not either."""
    request = RequestFactory().get("/")
    from annotation.middleware import RequestMiddleware

    with django_assert_num_queries(0):
        RequestMiddleware(lambda _: HttpResponse())(request)
    assert log.lines[-1]["user"] is None


def test_the_page_that_broke_is_shown_without_a_number_too() -> None:
    request = HttpRequest()
    assert pages.broken(request).status_code == HTTPStatus.INTERNAL_SERVER_ERROR
