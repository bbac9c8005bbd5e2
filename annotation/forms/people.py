"""What somebody may say of themselves, and an admin of others."""

from __future__ import annotations

from typing import Any, Final

from allauth.account.forms import SignupForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from annotation.models import Group, Role, User
from annotation.queries.people import Which
from corpus.comparisons import Outcome

ROLE_NAMES: Final = {
    Role.ANNOTATOR: _("annotator"),
    Role.RESEARCHER: _("researcher"),
    Role.ADMIN: _("admin"),
}


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
        # Of groups, not of memes: there are few of them, and what is in none is not judged.
        there = Group.objects.order_by().values_list("language", flat=True).distinct()
        languages = sorted({*there, *self.initial.get("meme_languages", [])})
        field = self.fields["meme_languages"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(language, names.get(language, language)) for language in languages]


class PracticeForm(forms.Form):
    """An answer to a practice pair."""

    answer = forms.TypedChoiceField(choices=[(o.value, o.value) for o in Outcome], coerce=Outcome)


class KeepForm(SignupForm):  # type: ignore[misc]  # allauth carries no types
    """The name and password with which a guest becomes somebody with an account; as strict as signing up."""


class CloseForm(forms.Form):
    """Somebody's own name, typed by whoever means to close their account."""

    username = forms.CharField(label=_("Your username, to confirm"), max_length=150)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["username"].widget.attrs["autocomplete"] = "off"

    def clean_username(self) -> str:
        """Refuses any other name."""
        said: str = self.cleaned_data["username"]
        if said != self.user.get_username():
            raise forms.ValidationError(_("That is not your username."))
        return said


# --- of others ------------------------------------------------------------------------------------------------------------------


class SearchForm(forms.Form):
    """Which people to list."""

    q = forms.CharField(label=_("Name or e-mail"), required=False, max_length=150)
    which = forms.ChoiceField(
        label=_("Which"),
        required=False,
        choices=[
            (Which.ALL.value, _("everybody")),
            (Which.ANNOTATORS.value, _("annotators")),
            (Which.RESEARCHERS.value, _("researchers")),
            (Which.ADMINS.value, _("admins")),
            (Which.GUESTS.value, _("guests")),
            (Which.PROGRAMS.value, _("programs")),
            (Which.PAUSED.value, _("paused")),
            (Which.CLOSED.value, _("closed")),
        ],
    )


class PauseForm(forms.Form):
    """Why somebody is paused; they read it."""

    MAX_REASON = 200

    reason = forms.CharField(label=_("Why (they will read it)"), max_length=MAX_REASON)


class RolesForm(forms.Form):
    """The roles that somebody has from now on."""

    roles = forms.TypedMultipleChoiceField(
        label=_("Roles"),
        required=False,
        choices=[*ROLE_NAMES.items()],
        coerce=Role,
        widget=forms.CheckboxSelectMultiple,
    )
