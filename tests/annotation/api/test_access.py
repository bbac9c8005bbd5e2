"""All routes of the API × roles × every single scope × every way in which a token can be worth nothing."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from annotation.access import PUBLIC, TokenAccess, rule_of
from annotation.models import ApiToken, Role, Scope, User
from tests.annotation.api.asking import Program, Told, program_of
from tests.annotation.builders import make_annotator, make_group

pytestmark = pytest.mark.django_db

JUDGES = {"annotator", "researcher", "admin"}
READERS = {"researcher", "admin"}
# Of each route: its method, and which roles may with a token for which scope. Public routes have no scope.
EXPECTED: dict[str, tuple[str, dict[str, set[str]]]] = {
    "api_assignments": ("POST", {"judge": JUDGES}),
    "api_renew": ("POST", {"judge": JUDGES}),
    "api_judgments": ("POST", {"judge": JUDGES}),
    "api_judgment_batch": ("POST", {"judge": JUDGES}),
    "api_undo": ("POST", {"judge": JUDGES}),
    "api_statistics": ("GET", {"statistics": JUDGES}),
    "api_templates": ("GET", {"memes": READERS}),
    "api_template": ("GET", {"memes": READERS}),
    "api_memes": ("GET", {"memes": READERS}),
    "api_meme": ("GET", {"memes": READERS}),
    "api_picture": ("GET", {"judge": JUDGES, "memes": READERS}),
    "api_openapi": ("GET", {}),
    "api_nowhere": ("GET", {}),
}
ARGUMENTS: dict[str, Any] = {"template_id": 1, "meme_id": 1, "name": f"memes/00/{'0' * 64}.jpg"}
WHO = ["none", "annotator", "researcher", "admin"]


def api_routes(patterns: list[Any] | None = None, path: str = "") -> list[URLPattern]:
    """Every address below /api/, wherever it is declared."""
    found: list[URLPattern] = []
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        here = path + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += api_routes(entry.url_patterns, here)
        elif here.startswith("api/"):
            found.append(entry)
    return found


def address(route: URLPattern) -> str:
    assert route.name
    return reverse(route.name, kwargs={name: ARGUMENTS[name] for name in route.pattern.converters})


def token_for(who: str, scopes: list[str]) -> Program:
    """A token with exactly these scopes, of an account with exactly this role, however it came about."""
    roles = frozenset[Role]() if who == "none" else frozenset({Role(who)})
    user = make_annotator(f"{who}-{User.objects.count()}", roles=roles | {Role.ADMIN})
    program = program_of(user, Scope.JUDGE)
    ApiToken.objects.filter(user=user).update(scopes=scopes)
    if Role.ADMIN not in roles:  # taken away since the token was made
        user.groups.remove(user.groups.get(name="admin"))
    return program


def verdict(told: Told) -> str:
    """Why somebody stays outside; empty when they are in."""
    refused = told.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
    return told.code if refused else ""


def walk(program: Program) -> dict[str, Told]:
    """Every route asked once, by its name."""
    return {
        str(route.name): program.ask(EXPECTED[str(route.name)][0], address(route)) for route in api_routes()
    }


def test_every_route_of_the_api_stands_in_the_table_and_says_its_rule() -> None:
    assert {route.name for route in api_routes()} == set(EXPECTED)
    for route in api_routes():
        rule = rule_of(route.callback, route.name)
        scopes = set(EXPECTED[str(route.name)][1])
        if scopes:
            assert isinstance(rule, TokenAccess)
            assert {scope.value for scope in rule.scopes} == scopes
        else:
            assert rule is PUBLIC


@pytest.mark.parametrize("scope", [scope.value for scope in Scope])
@pytest.mark.parametrize("who", WHO)
def test_a_token_opens_what_its_scope_and_its_owners_role_allow_and_nothing_else(
    who: str, scope: str
) -> None:
    make_group(3)
    for name, told in walk(token_for(who, [scope])).items():
        allowed = EXPECTED[name][1]
        if not allowed or who in allowed.get(scope, set()):
            assert verdict(told) == "", name
        else:
            assert verdict(told) == ("role_missing" if scope in allowed else "scope_missing"), name


@pytest.mark.parametrize("who", WHO)
def test_all_scopes_together_open_what_the_role_allows(who: str) -> None:
    for name, told in walk(token_for(who, [scope.value for scope in Scope])).items():
        allowed = EXPECTED[name][1]
        may = not allowed or any(who in roles for roles in allowed.values())
        assert verdict(told) == ("" if may else "role_missing"), name


def everything() -> Program:
    """A token that opens every route."""
    return token_for("admin", [scope.value for scope in Scope])


def spoiled(how: str) -> Program:
    """A token that opened every route until just now."""
    program = everything()
    now = timezone.now()
    match how:
        case "token_missing":
            return Program()
        case "token_unknown":
            return Program(program.token[:-1] + ("a" if program.token[-1] != "a" else "b"))
        case "token_expired":
            ApiToken.objects.update(expires_at=now - timedelta(seconds=1))
        case "token_revoked":
            ApiToken.objects.update(revoked_at=now)
        case "account_closed":
            User.objects.update(closed_at=now)
        case "scope_missing":
            ApiToken.objects.update(scopes=[])
    return program


@pytest.mark.parametrize(
    "how",
    ["token_missing", "token_unknown", "token_expired", "token_revoked", "account_closed", "scope_missing"],
)
def test_a_token_worth_nothing_opens_only_what_is_public(how: str) -> None:
    for name, told in walk(spoiled(how)).items():
        assert verdict(told) == (how if EXPECTED[name][1] else ""), name
        if told.status == HTTPStatus.UNAUTHORIZED:
            assert told.headers["WWW-Authenticate"].startswith('Bearer realm="api"')


def test_an_account_switched_off_opens_nothing() -> None:
    program = everything()
    User.objects.update(is_active=False)
    assert program.get("memes/").code == "account_closed"


def test_a_paused_owner_gets_no_pairs_and_everything_else() -> None:
    program = everything()
    User.objects.update(paused_at=timezone.now(), paused_because="because")
    for name, told in walk(program).items():
        assert verdict(told) == ("paused" if name == "api_assignments" else ""), name


def test_a_session_opens_nothing_here() -> None:
    client = Client()
    client.force_login(make_annotator(roles=frozenset(Role)))
    for route in api_routes():
        method, scopes = EXPECTED[str(route.name)]
        answer = client.generic(method, address(route))
        assert (answer.status_code == HTTPStatus.UNAUTHORIZED) == bool(scopes), route.name


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "pl_abc", "Bearer pl_", "Bearer pl_\xff", "Bearer pl_" + "x" * 5000,
     "Bearer sk_abc", "Bearer pl_a b", "Bearer pl_\x00"],
)  # fmt: skip
def test_a_header_of_somebodys_own_making_is_401(header: str) -> None:
    told = Program().ask("POST", "assignments/", {}, authorization=header)
    assert told.status == HTTPStatus.UNAUTHORIZED
    assert told.code in ("token_missing", "token_unknown")
    assert told.headers["WWW-Authenticate"].startswith("Bearer")


def test_the_keyword_may_be_written_in_any_case() -> None:
    program = everything()
    assert Program().get("me/statistics/", authorization=f"bearer  {program.token}").status == HTTPStatus.OK
