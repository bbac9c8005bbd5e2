"""Judging by program: assignments, and answers to them. The services are those that the page calls."""

from __future__ import annotations

from typing import Any, Final, cast
from uuid import UUID

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from annotation.access import by_token
from annotation.api.errors import ErrorCode, Problem, invalid, refusal_of
from annotation.api.fields import CanonicalUuid, Input, OneOf, RowNumber, WholeNumber, body_of
from annotation.api.pictures import address_of
from annotation.api.views import WITH_BODY, ApiRequest, ApiView, refusals
from annotation.errors import AnnotationError, ConsentMissing
from annotation.forms.judging import ANSWERS
from annotation.models import Assignment, Judgment, Scope, Skip, User
from annotation.queries.judging import shown_of_pair
from annotation.services import judging
from corpus.comparisons import Outcome, Question

MAX_HELD: Final = judging.MAX_AHEAD + 1  # assignments that one annotator may hold
MAX_BATCH: Final = 50
OUTCOMES: Final = frozenset(outcome.value for outcome in Outcome)


# --- what a pair looks like -------------------------------------------------------------------------------------------------------


class SideOutput(serializers.Serializer[Any]):
    """One meme of a pair: what an annotator sees of it, and nothing of where it comes from."""

    texts = serializers.ListField(
        child=serializers.CharField(), help_text="A text per box of the meme template."
    )
    picture = serializers.CharField(
        allow_null=True,
        help_text="Where the drawn meme can be had with the same token; null when it is just gone.",
    )
    width = serializers.IntegerField()
    height = serializers.IntegerField()


class AssignmentOutput(serializers.Serializer[Any]):
    """A pair leased to the owner of the token, in shown order."""

    id = serializers.IntegerField()
    question = serializers.ChoiceField(choices=[(q.value, q.value) for q in Question])
    template = serializers.CharField(help_text="The name of the meme template that both memes share.")
    left = SideOutput()
    right = SideOutput()
    lease_until = serializers.DateTimeField(help_text="Until then nobody else gets this place of the pair.")


def shown(assignment: Assignment) -> dict[str, Any]:
    """An assignment as a program sees it. One query."""
    ((one, one_texts, two, two_texts, name, width, height),) = shown_of_pair(pair=assignment.pair_id)
    first, second = (
        {
            "texts": texts,
            "picture": address_of(picture),
            "width": width,
            "height": height,
        }
        for picture, texts in ((one, one_texts), (two, two_texts))
    )
    return {
        "id": assignment.pk,
        "question": assignment.question,
        "template": name,
        "left": second if assignment.swapped else first,
        "right": first if assignment.swapped else second,
        "lease_until": assignment.lease_until,
    }


# --- assignments ------------------------------------------------------------------------------------------------------------------


@by_token(Scope.JUDGE)
class Assignments(ApiView):
    """The next pairs to judge."""

    class Asked(Input):
        """How many pairs, beyond those at hand."""

        count = WholeNumber(required=False, default=1, min_value=1, max_value=MAX_HELD)
        have = serializers.ListField(
            child=RowNumber(),
            required=False,
            default=list,
            max_length=MAX_HELD,
            help_text="Assignments at hand: others are wanted. Without it, unanswered ones come again.",
        )

        class Meta:
            ref_name = "AssignmentsInput"

    class Given(serializers.Serializer[Any]):
        """The pairs, oldest first; fewer than asked for, or none, when there is nothing left."""

        assignments = AssignmentOutput(many=True)

        class Meta:
            ref_name = "AssignmentsOutput"

    @extend_schema(
        operation_id="lease_assignments",
        summary="Next pairs to judge",
        request=Asked,
        responses={
            200: Given,
            **refusals(*WITH_BODY, ErrorCode.CONSENT_MISSING, ErrorCode.PAUSED),
        },
        examples=[OpenApiExample("Three pairs", value={"count": 3}, request_only=True)],
    )
    def post(self, request: ApiRequest) -> Response:
        """Leases pairs to the owner of the token, at most five at a time.

        Asked again without `have`, the same unanswered pairs come again: an answer lost on the way loses nothing.
        """
        asked = body_of(self.Asked, request)
        if not request.user.has_consented:
            raise ConsentMissing
        found = judging.next_assignments(annotator=request.user, count=asked["count"], have=asked["have"])
        return Response(self.Given({"assignments": [shown(assignment) for assignment in found]}).data)


@by_token(Scope.JUDGE)
class Renewal(ApiView):
    """More time for pairs at hand."""

    class Asked(Input):
        """The assignments to keep."""

        assignments = serializers.ListField(child=RowNumber(), min_length=1, max_length=MAX_HELD)

        class Meta:
            ref_name = "RenewalInput"

    class Given(serializers.Serializer[Any]):
        """How many of them are yours and still running."""

        renewed = serializers.IntegerField()

        class Meta:
            ref_name = "RenewalOutput"

    @extend_schema(
        operation_id="renew_assignments",
        summary="Keep pairs for longer",
        request=Asked,
        responses={200: Given, **refusals(*WITH_BODY)},
    )
    def post(self, request: ApiRequest) -> Response:
        """Extends the leases of pairs that take longer to judge. An answer that comes too late is stored all the same."""
        ids = body_of(self.Asked, request)["assignments"]
        renewed = judging.renew_leases(annotator=request.user, assignment_ids=ids)
        return Response(self.Given({"renewed": renewed}).data)


# --- answers ----------------------------------------------------------------------------------------------------------------------


class JudgmentInput(Input):
    """An answer to an assignment."""

    assignment = RowNumber()
    token = CanonicalUuid(
        help_text="The program's own, fresh for each answer: sent again, nothing is stored twice."
    )
    answer = OneOf(
        choices=ANSWERS,
        help_text="An outcome, in shown order; `skip`; or a flag with what is wrong with the pair.",
    )
    response_ms = WholeNumber(
        required=False,
        allow_null=True,
        default=None,
        min_value=0,
        max_value=judging.MAX_RESPONSE_MS,
        help_text="How long the answer took.",
    )


class StoredOutput(serializers.Serializer[Any]):
    """What is stored for an assignment now."""

    result = serializers.ChoiceField(
        choices=[("stored", "stored"), ("repeated", "repeated")],
        help_text="`repeated`: an answer with this token, or to this assignment, was there already and stays.",
    )
    assignment = serializers.IntegerField()
    answer = serializers.ChoiceField(
        choices=ANSWERS, help_text="As stored: the first one, when it is repeated."
    )


def store(*, annotator: User, said: dict[str, Any], have: list[int]) -> judging.Answered:
    """Give an answer to the service it is for."""
    answer, token, assignment_id = said["answer"], cast(UUID, said["token"]), said["assignment"]
    if answer in OUTCOMES:
        return judging.record_judgment(
            annotator=annotator,
            assignment_id=assignment_id,
            token=token,
            outcome=Outcome(answer),
            response_ms=said["response_ms"],
            have=have,
        )
    kind, _, reason = answer.partition(":")
    assert kind in Skip.Kind.values
    return judging.record_skip(
        annotator=annotator,
        assignment_id=assignment_id,
        token=token,
        reason=Skip.Reason(reason) if reason else None,
        have=have,
    )


def as_stored(answered: judging.Answered) -> dict[str, Any]:
    """An answer as the API tells it."""
    match answered.answer:
        case Judgment(outcome=said):
            pass
        case Skip(kind=kind, reason=reason):
            said = f"{kind}:{reason}" if reason else kind
    result = "repeated" if answered.repeated else "stored"
    return {"result": result, "assignment": answered.answer.assignment_id, "answer": said}


@by_token(Scope.JUDGE)
class Judgments(ApiView):
    """Answers, one at a time."""

    class Given(StoredOutput):
        """What is stored, and the next pair, so that a program needs one request per judgment."""

        next = AssignmentOutput(allow_null=True, help_text="Null when nothing is left, or judging is paused.")

        class Meta:
            ref_name = "JudgmentOutput"

    @extend_schema(
        operation_id="judge",
        summary="Answer one pair",
        request=JudgmentInput,
        responses={
            200: OpenApiResponse(Given, description="It was there already."),
            201: OpenApiResponse(Given, description="It is stored."),
            **refusals(
                *WITH_BODY, ErrorCode.CONSENT_MISSING, ErrorCode.NOT_ASSIGNED, ErrorCode.TOO_MANY_ANSWERS
            ),
        },
    )
    def post(self, request: ApiRequest) -> Response:
        """Stores an answer exactly once, however often it is sent and however late it comes."""
        said = body_of(JudgmentInput, request)
        answered = store(annotator=request.user, said=said, have=[])
        following = answered.next_assignment
        told = {**as_stored(answered), "next": shown(following) if following else None}
        return Response(self.Given(told).data, status=200 if answered.repeated else 201)


class BatchItemOutput(serializers.Serializer[Any]):
    """What became of one answer of a batch."""

    result = serializers.ChoiceField(choices=[(word, word) for word in ("stored", "repeated", "refused")])
    assignment = serializers.IntegerField(required=False)
    answer = serializers.ChoiceField(choices=ANSWERS, required=False)
    error = Problem(required=False, help_text="When refused: why.")
    retry_after_s = serializers.IntegerField(required=False, help_text="When refused for now only.")


class BatchOutput(serializers.Serializer[Any]):
    """What became of each answer, in the same order."""

    results = BatchItemOutput(many=True)


@extend_schema_field(
    {
        "anyOf": [
            {"$ref": "#/components/schemas/JudgmentInput"},
            {"type": "object", "additionalProperties": {}},
        ]
    }
)
class AnyItem(serializers.DictField):
    """An item of a batch: read by itself, so that one that is wrong takes no other with it."""


@by_token(Scope.JUDGE)
class JudgmentBatch(ApiView):
    """Answers, many at a time."""

    class Said(Input):
        """The answers."""

        judgments = serializers.ListField(child=AnyItem(), min_length=1, max_length=MAX_BATCH)

        class Meta:
            ref_name = "JudgmentBatchInput"

    @extend_schema(
        operation_id="judge_batch",
        summary="Answer many pairs",
        request=Said,
        responses={200: BatchOutput, **refusals(*WITH_BODY, ErrorCode.CONSENT_MISSING)},
    )
    def post(self, request: ApiRequest) -> Response:
        """Stores each answer by itself: one that is refused takes no other with it, and says why in its own result."""
        items = body_of(self.Said, request)["judgments"]
        if not request.user.has_consented:
            raise ConsentMissing
        have = [item["assignment"] for item in items if isinstance(item.get("assignment"), int)]
        results = [self.one(request.user, item, have) for item in items]
        return Response(BatchOutput({"results": results}).data)

    def one(self, annotator: User, item: dict[str, Any], have: list[int]) -> dict[str, Any]:
        """Store one answer; what became of it."""
        said = JudgmentInput(data=item)
        if not said.is_valid():
            error = invalid(serializers.ValidationError(said.errors))
            return {"result": "refused", "error": error}
        told = {"assignment": said.validated_data["assignment"], "answer": said.validated_data["answer"]}
        try:
            return as_stored(store(annotator=annotator, said=said.validated_data, have=have))
        except AnnotationError as error:
            refusal = refusal_of(error)
            if refusal is None:
                raise
            wait = {"retry_after_s": refusal.retry_after_s} if refusal.retry_after_s else {}
            return {"result": "refused", **told, "error": refusal.problem, **wait}


@by_token(Scope.JUDGE)
class Undo(ApiView):
    """The last answer taken back."""

    class Given(serializers.Serializer[Any]):
        """The pair, leased again."""

        assignment = AssignmentOutput()

        class Meta:
            ref_name = "UndoOutput"

    @extend_schema(
        operation_id="undo",
        summary="Take the last answer back",
        request=None,
        responses={200: Given, **refusals(ErrorCode.NOTHING_TO_UNDO)},
    )
    def post(self, request: ApiRequest) -> Response:
        """Takes the newest answer back, within a minute, and leases its pair again. Sent twice, it takes two back."""
        assignment = judging.undo_last(annotator=request.user)
        return Response(self.Given({"assignment": shown(assignment)}).data)
