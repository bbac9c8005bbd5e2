"""What somebody may ask of a new token."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.models import ApiToken, Scope, User
from annotation.queries.tokens import living_tokens_of, scopes_for

MEANINGS = {
    Scope.JUDGE: _("Judge pairs, as me"),
    Scope.MEMES: _("Read meme templates and memes"),
    Scope.STATISTICS: _("Read my own statistics"),
}
LIVES = [(7, _("a week")), (30, _("a month")), (90, _("three months")), (ApiToken.MAX_DAYS, _("a year"))]


class TokenForm(forms.Form):
    """A name, what it may be used for (what its owner's roles allow), and for how long."""

    name = forms.CharField(
        label=_("Name"),
        max_length=ApiToken.MAX_NAME,
        help_text=_("What will use it, such as “my judge at home”."),
    )
    scopes = forms.MultipleChoiceField(label=_("It may"), widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(label=_("It works for"), choices=LIVES, coerce=int, initial=90)

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        field = self.fields["scopes"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = [(scope.value, MEANINGS[scope]) for scope in scopes_for(user)]

    def clean_name(self) -> str:
        """A name of its own among the living: a page sent twice then makes no second token."""
        name: str = self.cleaned_data["name"]
        if living_tokens_of(self.user).filter(name=name).exists():
            raise forms.ValidationError(_("You have a token of this name."))
        return name

    def clean_scopes(self) -> frozenset[Scope]:
        """As scopes."""
        return frozenset(Scope(value) for value in self.cleaned_data["scopes"])

    def clean(self) -> dict[str, Any]:
        """Not more tokens than one person may have."""
        if living_tokens_of(self.user).count() >= ApiToken.MAX_LIVING:
            raise forms.ValidationError(
                _("You have %(number)d tokens, which is as many as there may be. Revoke one first."),
                params={"number": ApiToken.MAX_LIVING},
            )
        return self.cleaned_data
