"""A program that asks the API: JSON both ways, with a token of somebody's."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.test import Client

from annotation.access import SCOPE_ROLES
from annotation.models import Role, Scope, User
from annotation.services.tokens import create_token
from tests.annotation.builders import make_annotator


@dataclass(frozen=True, slots=True)
class Told:
    """An answer of the API."""

    status: int
    body: Any
    headers: Any

    @property
    def code(self) -> str:
        """The code of a refusal."""
        code = self.body["error"]["code"]
        assert isinstance(code, str)
        return code


class Program:
    """A client with a token in its header, or with none."""

    def __init__(self, token: str = "") -> None:
        self.token = token
        self.client = Client(raise_request_exception=False)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        """One request below /api/v1/; a body that is not bytes is sent as JSON."""
        if self.token:
            headers.setdefault("authorization", f"Bearer {self.token}")
        data = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        answer = self.client.generic(
            method,
            path if path.startswith("/") else f"/api/v1/{path}",
            data,
            content_type=headers.pop("content_type", "application/json"),
            headers=headers,
        )
        kind = answer.headers.get("Content-Type", "")
        whole = answer.getvalue()
        return Told(
            answer.status_code,
            json.loads(whole) if kind.startswith("application/json") else whole,
            answer.headers,
        )

    def get(self, path: str, **headers: str) -> Told:
        """Read something."""
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Told:
        """Send something."""
        return self.ask("POST", path, body, **headers)

    def lease(self, count: int = 1) -> list[dict[str, Any]]:
        """The next pairs."""
        told = self.post("assignments/", {"count": count})
        assert told.status == 200, told
        found: list[dict[str, Any]] = told.body["assignments"]
        return found


def program_of(user: User, *scopes: Scope) -> Program:
    """A program with a fresh token of somebody's; without scopes, with all that their roles allow."""
    allowed = frozenset(scopes) or frozenset(s for s in Scope if not SCOPE_ROLES[s].isdisjoint(user.roles))
    _, plain = create_token(user=user, name=f"program {uuid4()}", scopes=allowed, days=30)
    return Program(plain)


def judging_program(name: str = "ann") -> Program:
    """A program of an annotator who has agreed."""
    return program_of(make_annotator(name), Scope.JUDGE)


def reading_program(name: str = "rea") -> Program:
    """A program of a researcher."""
    return program_of(make_annotator(name, roles=frozenset({Role.RESEARCHER})))


def judgment(assignment: int, answer: str = "left", **fields: Any) -> dict[str, Any]:
    """A judgment to send."""
    return {"assignment": assignment, "token": str(uuid4()), "answer": answer, **fields}
