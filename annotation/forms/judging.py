"""What a browser may answer to a pair."""

from __future__ import annotations

from django import forms

from annotation.models import Skip
from corpus.comparisons import Outcome

ANSWERS = [
    *[(outcome.value, outcome.value) for outcome in Outcome],
    ("skip", "skip"),
    *[(f"flag:{reason}", f"flag:{reason}") for reason in Skip.Reason.values],
]
MAX_IDS = 8


def parse_ids(text: str) -> list[int]:
    """Assignment ids separated by commas; what is no id is left out, and what is too many."""
    return [int(word) for word in text.split(",")[:MAX_IDS] if word.isdecimal() and len(word) < 19]


class AnswerForm(forms.Form):
    """An answer to an assignment: an outcome, a skip, or a flag with its reason."""

    answer = forms.ChoiceField(choices=ANSWERS)
    token = forms.UUIDField()
    response_ms = forms.IntegerField(required=False, min_value=0)
