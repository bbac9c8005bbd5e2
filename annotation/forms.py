"""What a browser may send, checked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from annotation.models import MemeTemplate, Skip, User
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


class ConsentForm(forms.Form):
    """The three things somebody says before the first judgment."""

    adult = forms.BooleanField(label=_("I am 18 or older."))
    licence = forms.BooleanField(
        label=_("My judgments may be published under CC BY 4.0, under a pseudonym, never with my name.")
    )
    rude = forms.BooleanField(label=_("I know that some memes may be rude or in bad taste."))


class PreferencesForm(forms.Form):
    """How much somebody wants to judge a day, and in which languages."""

    daily_goal = forms.IntegerField(label=_("Daily goal"), min_value=1, max_value=User.MAX_DAILY_GOAL)
    meme_languages = forms.MultipleChoiceField(
        label=_("Memes in"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked means any language."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = dict(settings.LANGUAGES)
        there = MemeTemplate.objects.order_by().values_list("memes__language", flat=True).distinct()
        languages = sorted(
            {language for language in there if language} | set(self.initial.get("meme_languages", []))
        )
        field = self.fields["meme_languages"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(language, names.get(language, language)) for language in languages]


class PracticeForm(forms.Form):
    """An answer to a practice pair."""

    answer = forms.TypedChoiceField(choices=[(o.value, o.value) for o in Outcome], coerce=Outcome)
