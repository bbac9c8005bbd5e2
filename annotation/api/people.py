"""What the owner of a token gave."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from annotation.access import by_token
from annotation.api.views import ApiRequest, ApiView, refusals
from annotation.models import Scope
from annotation.queries.judging import progress
from annotation.queries.people import own_statistics
from corpus.comparisons import Outcome


class OutcomesOutput(serializers.Serializer[Any]):
    """Judgments in force, by outcome."""

    left = serializers.IntegerField()
    right = serializers.IntegerField()
    tie = serializers.IntegerField()
    both_bad = serializers.IntegerField()


class DayOutput(serializers.Serializer[Any]):
    """A day of the last fortnight on which something was judged."""

    day = serializers.DateField()
    judged = serializers.IntegerField()


@by_token(Scope.STATISTICS)
class OwnStatistics(ApiView):
    """What the owner of the token gave so far."""

    class Given(serializers.Serializer[Any]):
        """The figures of the page about oneself."""

        judgments = serializers.IntegerField(help_text="In force: those taken back do not count.")
        outcomes = OutcomesOutput()
        skips = serializers.IntegerField()
        flags = serializers.IntegerField()
        days = DayOutput(many=True)
        today = serializers.IntegerField()
        daily_goal = serializers.IntegerField()
        streak = serializers.IntegerField(help_text="Days in a row.")

        class Meta:
            ref_name = "StatisticsOutput"

    @extend_schema(
        operation_id="own_statistics", summary="Own statistics", responses={200: Given, **refusals()}
    )
    def get(self, request: ApiRequest) -> Response:
        """Judgments, skips and flags of the owner of the token, as their own page shows them; days are those of UTC."""
        given, today = own_statistics(request.user), progress(request.user)
        told = {
            **{name: given[name] for name in ("judgments", "skips", "flags", "days")},
            "outcomes": {outcome.value: given["outcomes"].get(outcome.value, 0) for outcome in Outcome},
            "today": today.judged,
            "daily_goal": today.goal,
            "streak": today.streak,
        }
        return Response(self.Given(told).data)
