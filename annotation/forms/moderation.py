"""What a moderator may say."""

from __future__ import annotations

from typing import Final

from django import forms
from django.utils.translation import gettext_lazy as _

from annotation.models import BlockedPhrase, Decision
from corpus.blocklist import Blocklist
from corpus.errors import BlocklistError
from corpus.texts import MAX_CHARACTERS

# Offered beside the field; anything else may be written.
REASONS: Final = (
    _("Offensive"),
    _("Broken or unreadable"),
    _("Shows or names a private person"),
    _("Advertising"),
    _("Not a meme"),
)


class DecisionForm(forms.Form):
    """A decision about a meme, and the newest earlier one that its moderator saw."""

    action = forms.ChoiceField(choices=Decision.Action)
    reason = forms.CharField(required=False, max_length=Decision.MAX_REASON)
    seen = forms.IntegerField(min_value=0, max_value=2**63 - 1)


class TakedownForm(forms.Form):
    """Why something must be gone for good, said twice: in words and by a tick."""

    reason = forms.CharField(label=_("Reason"), max_length=Decision.MAX_REASON)
    sure = forms.BooleanField(label=_("I know that nobody can bring it back."))


class PhrasesForm(forms.Form):
    """New entries of the blocklist, one per line."""

    MAX_LINES: Final = 5000

    phrases = forms.CharField(
        label=_("Words or phrases, one per line"),
        widget=forms.Textarea(attrs={"rows": 6, "spellcheck": "false", "autocapitalize": "off"}),
        max_length=200_000,
    )

    def clean_phrases(self) -> list[str]:
        """The lines that say something. Names the first that cannot be an entry."""
        lines = [line.strip() for line in str(self.cleaned_data["phrases"]).splitlines() if line.strip()]
        longest = BlockedPhrase._meta.get_field("phrase").max_length or 0
        if len(lines) > self.MAX_LINES:
            raise forms.ValidationError(_("At most %(most)s lines at once.") % {"most": self.MAX_LINES})
        for number, line in enumerate(lines, start=1):
            if len(line.casefold()) > longest:
                problem = _("Line %(line)s is longer than %(most)s characters.")
                raise forms.ValidationError(problem % {"line": number, "most": longest})
            try:
                Blocklist([line])
            except BlocklistError as error:
                problem = _("Line %(line)s cannot be looked for (%(phrase)s): %(reason)s.")
                said = {"line": number, "phrase": line, "reason": _(error.reason)}
                raise forms.ValidationError(problem % said) from error
        return lines


class CaptionForm(forms.Form):
    """A caption to try the blocklist on; a line per text box."""

    caption = forms.CharField(
        label=_("Try a caption"),
        widget=forms.Textarea(attrs={"rows": 2, "spellcheck": "false"}),
        max_length=8 * MAX_CHARACTERS,
    )
