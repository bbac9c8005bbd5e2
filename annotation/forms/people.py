"""What somebody may say of themselves."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from annotation.models import MemeTemplate, User
from corpus.comparisons import Outcome


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
