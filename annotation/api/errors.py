"""What the API answers when it refuses: one shape, and a code that stays the same."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from enum import StrEnum, auto
from http import HTTPStatus
from math import ceil
from typing import Any, Final

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, UnreadablePostError
from rest_framework import exceptions, serializers
from rest_framework.response import Response

from annotation.errors import (
    AnnotationError,
    AnnotatorPaused,
    ConsentMissing,
    NotAssigned,
    NothingToUndo,
    TooManyAnswers,
)

log = logging.getLogger(__name__)


class ErrorCode(StrEnum):
    """Why the API refused; programs may rely on these words."""

    MALFORMED = auto()
    INVALID = auto()
    TOKEN_MISSING = auto()
    TOKEN_UNKNOWN = auto()
    TOKEN_EXPIRED = auto()
    TOKEN_REVOKED = auto()
    ACCOUNT_CLOSED = auto()
    SCOPE_MISSING = auto()
    ROLE_MISSING = auto()
    CONSENT_MISSING = auto()
    PAUSED = auto()
    NOT_FOUND = auto()
    NOT_ASSIGNED = auto()
    METHOD_NOT_ALLOWED = auto()
    NOT_ACCEPTABLE = auto()
    NOTHING_TO_UNDO = auto()
    LENGTH_REQUIRED = auto()
    TOO_LARGE = auto()
    UNSUPPORTED_MEDIA_TYPE = auto()
    THROTTLED = auto()
    TOO_MANY_ANSWERS = auto()
    INTERNAL = auto()

    @property
    def status(self) -> HTTPStatus:
        """The HTTP status that goes with it."""
        return MEANINGS[self][0]

    @property
    def message(self) -> str:
        """A sentence for people, unless there is a more exact one."""
        return MEANINGS[self][1]


MEANINGS: Final[dict[ErrorCode, tuple[HTTPStatus, str]]] = {
    ErrorCode.MALFORMED: (HTTPStatus.BAD_REQUEST, "The body is not JSON in UTF-8."),
    ErrorCode.INVALID: (HTTPStatus.UNPROCESSABLE_ENTITY, "Something in the request is not as described."),
    ErrorCode.TOKEN_MISSING: (HTTPStatus.UNAUTHORIZED, "Send a token: Authorization: Bearer pl_…"),
    ErrorCode.TOKEN_UNKNOWN: (HTTPStatus.UNAUTHORIZED, "Nobody has this token."),
    ErrorCode.TOKEN_EXPIRED: (HTTPStatus.UNAUTHORIZED, "This token has expired: make a new one."),
    ErrorCode.TOKEN_REVOKED: (HTTPStatus.UNAUTHORIZED, "This token was revoked: make a new one."),
    ErrorCode.ACCOUNT_CLOSED: (HTTPStatus.UNAUTHORIZED, "The account of this token is closed."),
    ErrorCode.SCOPE_MISSING: (HTTPStatus.FORBIDDEN, "This token is not for that."),
    ErrorCode.ROLE_MISSING: (HTTPStatus.FORBIDDEN, "The account of this token has no role that allows that."),
    ErrorCode.CONSENT_MISSING: (
        HTTPStatus.FORBIDDEN,
        "The account has not given the consent in force: sign in and open /welcome/.",
    ),
    ErrorCode.PAUSED: (HTTPStatus.FORBIDDEN, "Judging is paused for this account: there are no new pairs."),
    ErrorCode.NOT_FOUND: (HTTPStatus.NOT_FOUND, "There is nothing at this address."),
    ErrorCode.NOT_ASSIGNED: (HTTPStatus.NOT_FOUND, "This assignment is not yours."),
    ErrorCode.METHOD_NOT_ALLOWED: (HTTPStatus.METHOD_NOT_ALLOWED, "This address does not take that method."),
    ErrorCode.NOT_ACCEPTABLE: (HTTPStatus.NOT_ACCEPTABLE, "The answer is JSON, and nothing else."),
    ErrorCode.NOTHING_TO_UNDO: (
        HTTPStatus.CONFLICT,
        "There is no answer young enough to take back.",
    ),
    ErrorCode.LENGTH_REQUIRED: (
        HTTPStatus.LENGTH_REQUIRED,
        "Say how long the body is: Content-Length, not Transfer-Encoding: chunked.",
    ),
    ErrorCode.TOO_LARGE: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The body is too large."),
    ErrorCode.UNSUPPORTED_MEDIA_TYPE: (
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "Send JSON: Content-Type: application/json",
    ),
    ErrorCode.THROTTLED: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests: wait as long as Retry-After says.",
    ),
    ErrorCode.TOO_MANY_ANSWERS: (
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many answers within a minute: wait as long as Retry-After says. Nothing was stored.",
    ),
    ErrorCode.INTERNAL: (HTTPStatus.INTERNAL_SERVER_ERROR, "That was us. Nothing you sent is at fault."),
}


class Detail(serializers.Serializer[Any]):
    """One thing that is wrong with one field."""

    field = serializers.CharField(
        help_text="Where: names and numbers joined by points, such as `judgments.2.token`."
    )
    message = serializers.CharField()


class Problem(serializers.Serializer[Any]):
    """Why the request was refused."""

    code = serializers.ChoiceField(choices=[(code.value, code.value) for code in ErrorCode])
    message = serializers.CharField(help_text="For people; it may change. Rely on the code.")
    field = serializers.CharField(required=False, help_text="The first field that is wrong, when one is.")
    details = Detail(
        many=True, required=False, help_text="Everything that is wrong, when it is about fields."
    )


class ErrorOutput(serializers.Serializer[Any]):
    """Every refusal of the API has this shape."""

    error = Problem()


class Refusal(exceptions.APIException):
    """A refusal that the API makes itself."""

    def __init__(
        self, code: ErrorCode, message: str = "", *, field: str = "", retry_after_s: int = 0
    ) -> None:
        super().__init__(code.message)
        self.problem = problem(code, message, field=field)
        self.code, self.retry_after_s = code, retry_after_s


def problem(
    code: ErrorCode, message: str = "", *, field: str = "", details: list[dict[str, str]] | None = None
) -> dict[str, Any]:
    """The inside of an error."""
    found: dict[str, Any] = {"code": code.value, "message": message or code.message}
    if field:
        found["field"] = field
    if details:
        found["details"] = details
    return found


def refusal_of(error: AnnotationError) -> Refusal | None:
    """What the API says when a service refuses; None for a refusal that it should never meet."""
    match error:
        case NotAssigned():
            return Refusal(ErrorCode.NOT_ASSIGNED, field="assignment")
        case ConsentMissing():
            return Refusal(ErrorCode.CONSENT_MISSING)
        case AnnotatorPaused():
            return Refusal(ErrorCode.PAUSED)
        case TooManyAnswers():
            return Refusal(ErrorCode.TOO_MANY_ANSWERS, retry_after_s=error.retry_after_s)
        case NothingToUndo():
            return Refusal(ErrorCode.NOTHING_TO_UNDO)
        case _:
            return None


def invalid(error: serializers.ValidationError) -> dict[str, Any]:
    """What is wrong with which fields."""
    details = [{"field": field, "message": message} for field, message in told(error.detail)]
    first = details[0]
    message = f"{first['field']}: {first['message']}" if first["field"] else first["message"]
    return problem(ErrorCode.INVALID, message, field=first["field"], details=details)


def told(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every message of a validation error, with the way to its field."""
    match detail:
        case dict():
            for name, inner in detail.items():
                step = "" if name == "non_field_errors" else str(name)
                yield from told(inner, ".".join(filter(None, (path, step))))
        case list():
            for number, inner in enumerate(detail):
                yield from told(inner, path if isinstance(inner, str) else f"{path}.{number}".strip("."))
        case _:
            yield path, str(detail)


def answer_error(error: Exception, context: dict[str, Any]) -> Response:
    """Any exception of a view as the API's answer; what nobody foresaw is logged, and nothing of it is told."""
    match error:
        case AnnotationError() if refusal := refusal_of(error):
            return answer_error(refusal, context)
        case Refusal():
            return refused(error.code, error.problem, retry_after_s=error.retry_after_s)
        case serializers.ValidationError():
            return refused(ErrorCode.INVALID, invalid(error))
        case exceptions.MethodNotAllowed():
            return refused(ErrorCode.METHOD_NOT_ALLOWED, allow=", ".join(context["view"].allowed_methods))
        case exceptions.Throttled():
            return refused(ErrorCode.THROTTLED, retry_after_s=ceil(getattr(error, "wait", None) or 1))
    return refused(CODES.get(type(error)) or unforeseen(error))


CODES: Final[dict[type[Exception], ErrorCode]] = {
    exceptions.ParseError: ErrorCode.MALFORMED,
    exceptions.NotAcceptable: ErrorCode.NOT_ACCEPTABLE,
    exceptions.UnsupportedMediaType: ErrorCode.UNSUPPORTED_MEDIA_TYPE,
    exceptions.NotFound: ErrorCode.NOT_FOUND,
    exceptions.PermissionDenied: ErrorCode.ROLE_MISSING,
    Http404: ErrorCode.NOT_FOUND,
    PermissionDenied: ErrorCode.ROLE_MISSING,
    RequestDataTooBig: ErrorCode.TOO_LARGE,
    UnreadablePostError: ErrorCode.MALFORMED,  # the other side hung up
}


def unforeseen(error: Exception) -> ErrorCode:
    """Write down what went wrong with us."""
    log.error("a request to the API failed", exc_info=error)
    return ErrorCode.INTERNAL


def refused(
    code: ErrorCode, inside: dict[str, Any] | None = None, *, retry_after_s: int = 0, allow: str = ""
) -> Response:
    """The answer that carries an error."""
    headers = {}
    if code.status == HTTPStatus.UNAUTHORIZED:
        known = "" if code == ErrorCode.TOKEN_MISSING else ', error="invalid_token"'
        headers["WWW-Authenticate"] = f'Bearer realm="api"{known}'
    if retry_after_s:
        headers["Retry-After"] = str(retry_after_s)
    if allow:
        headers["Allow"] = allow
    return Response({"error": inside or problem(code)}, status=code.status, headers=headers)
