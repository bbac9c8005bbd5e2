"""What somebody may propose for a meme template."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from annotation.forms.meme_templates import language_choices
from annotation.models import MemeTemplate
from corpus.texts import MAX_CHARACTERS


class CaptionForm(forms.Form):
    """A text per box of a meme template, and the language they are in."""

    language = forms.ChoiceField(label=_("Language"))

    def __init__(self, data: Mapping[str, Any] | None = None, *, template: MemeTemplate) -> None:
        super().__init__(data, initial={"language": template.language})
        language = self.fields["language"]
        assert isinstance(language, forms.ChoiceField)
        language.choices = language_choices()
        self._texts = [f"text-{number}" for number in range(1, len(template.boxes) + 1)]
        for number, name in enumerate(self._texts, start=1):
            self.fields[name] = forms.CharField(
                label=ngettext("Text", "Text %(number)s", len(self._texts)) % {"number": number},
                required=False,
                strip=False,
                max_length=MAX_CHARACTERS,
                widget=forms.Textarea(attrs={"rows": 2}),
            )
        self.order_fields([*self._texts, "language"])

    def texts(self) -> list[str]:
        """The texts in box order. Only of a valid form."""
        return [self.cleaned_data[name] for name in self._texts]
