"""What an admin may say of a meme template: its picture, its name, its boxes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from django import forms
from django.conf import settings
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from annotation.models import MemeTemplate
from annotation.queries.meme_templates import template_languages
from corpus.fonts import FONT_NAMES
from corpus.memes import COLOUR, MAX_BOXES, Align, Case, TextBox
from corpus.rendering import MAX_PICTURE_BYTES
from corpus.texts import MAX_CHARACTERS

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

LICENCES: Final = ("CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "public domain", "own work", "fair use", "unknown")
WHOLE_COLOUR: Final = rf"^{COLOUR.pattern}\Z"
FONT_LABELS: Final = {"": _("Poster"), "sans": _("Plain")}
PLACES: Final = ("x", "y", "w", "h")


def length_of(field: str) -> int:
    """How long a text field of a meme template may be."""
    length: int = getattr(MemeTemplate._meta.get_field(field), "max_length", 0)
    return length


class FactsForm(forms.Form):
    """What is known of a meme template."""

    name = forms.CharField(label=_("Name"), max_length=length_of("name"))
    source = forms.CharField(
        label=_("Source"),
        max_length=length_of("source"),
        required=False,
        help_text=_("Where the picture comes from: an address, a film, a photographer."),
    )
    licence = forms.CharField(
        label=_("Licence"),
        max_length=length_of("licence"),
        required=False,
        widget=forms.TextInput(attrs={"list": "licences"}),
    )


class DetailsForm(FactsForm):
    """What may always be changed."""

    proposals_open = forms.BooleanField(label=_("Annotators may propose captions for it"), required=False)


class UploadForm(FactsForm):
    """A picture that becomes a meme template, and what is known of it."""

    MAX_BYTES = MAX_PICTURE_BYTES
    KINDS = "image/jpeg,image/png,image/webp,image/gif"
    field_order = ("picture", "name", "language", "source", "licence")

    picture = forms.FileField(
        label=_("Picture"), allow_empty_file=True, widget=forms.FileInput(attrs={"accept": KINDS})
    )
    language = forms.ChoiceField(label=_("Language"), help_text=_("Of the memes that will be made of it."))

    def __init__(self, *args: Any, cut_off: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Without a file then: the upload was given up, as it had too many bytes.
        self.fields["picture"].required = not cut_off
        field = self.fields["language"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = language_choices()

    def clean_picture(self) -> bytes:
        """The bytes of the picture, once it is known that they are not too many."""
        file: UploadedFile[bytes] | None = self.cleaned_data["picture"]
        if file is None or (file.size or 0) > self.MAX_BYTES:
            raise forms.ValidationError(too_many_bytes())
        if not file.size:
            raise forms.ValidationError(gettext("The file is empty."))
        data: bytes = file.read()
        return data


def too_many_bytes() -> str:
    """The sentence about a file that is too large."""
    megabytes = UploadForm.MAX_BYTES // 1_000_000
    return gettext("The file is too large: a picture has at most %(megabytes)s MB.") % {
        "megabytes": megabytes
    }


def language_choices() -> list[tuple[str, str]]:
    """The languages of the site and of the meme templates there are."""
    names = {code: str(name) for code, name in settings.LANGUAGES}
    return [(code, names.get(code, code)) for code in dict.fromkeys([*names, *template_languages()])]


class BoxForm(forms.Form):
    """One text box, in percent of the picture. One without numbers is none."""

    x = forms.FloatField(label=_("Left (%)"), required=False, min_value=0, max_value=100)
    y = forms.FloatField(label=_("Top (%)"), required=False, min_value=0, max_value=100)
    w = forms.FloatField(label=_("Width (%)"), required=False, min_value=0.5, max_value=100)
    h = forms.FloatField(label=_("Height (%)"), required=False, min_value=0.5, max_value=100)
    angle = forms.FloatField(label=_("Turned by (°)"), required=False, min_value=-180, max_value=180)
    order = forms.IntegerField(label=_("Read as number"), required=False, min_value=1)
    case = forms.ChoiceField(
        label=_("Letters"),
        choices=[
            (Case.UPPER.value, _("CAPITALS")),
            (Case.AS_WRITTEN.value, _("As written")),
            (Case.LOWER.value, _("small letters")),
        ],
    )
    align = forms.ChoiceField(
        label=_("Lines"),
        choices=[
            (Align.LEFT.value, _("left")),
            (Align.CENTER.value, _("centred")),
            (Align.RIGHT.value, _("right")),
        ],
    )
    font = forms.ChoiceField(
        label=_("Font"),
        required=False,
        choices=[(name, FONT_LABELS.get(name, name)) for name in FONT_NAMES],
    )
    colour = forms.RegexField(
        WHOLE_COLOUR, label=_("Colour"), widget=forms.TextInput(attrs={"type": "color"})
    )
    outlined = forms.BooleanField(label=_("Outline"), required=False)
    outline = forms.RegexField(
        WHOLE_COLOUR, label=_("Colour of the outline"), widget=forms.TextInput(attrs={"type": "color"})
    )
    example = forms.CharField(label=_("Example text"), required=False, max_length=MAX_CHARACTERS)

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in (*PLACES, "angle"):
            self.fields[name].widget.attrs["step"] = "0.01"

    def is_used(self) -> bool:
        """Whether a box stands in this slot."""
        if not self.is_bound:
            return self.initial.get("w") is not None
        return any(str(self.data.get(self.add_prefix(name), "")).strip() for name in PLACES)

    def clean(self) -> dict[str, Any]:
        """What was said, once the box lies inside the picture."""
        said: dict[str, Any] = self.cleaned_data
        for name in PLACES:
            if name not in self.errors and said.get(name) is None:
                self.add_error(name, gettext("A box needs this number."))
        for start, size in (("x", "w"), ("y", "h")):
            if not {start, size} & set(self.errors) and said[start] + said[size] > 100.0005:
                self.add_error(size, gettext("The box leaves the picture."))
        return said

    def box(self) -> TextBox:
        """The box that was said. Only of a valid form."""
        said = self.cleaned_data
        x, y = said["x"] / 100, said["y"] / 100
        return TextBox(
            x=round(x, 6),
            y=round(y, 6),
            w=round(min(said["w"] / 100, 1 - x), 6),
            h=round(min(said["h"] / 100, 1 - y), 6),
            angle=said["angle"] or 0.0,
            case=Case(said["case"]),
            align=Align(said["align"]),
            font=said["font"],
            colour=said["colour"],
            outline=said["outline"] if said["outlined"] else None,
        )


class BoxesForm:
    """The boxes of a meme template: a slot for each that it may have, in a fixed number, so nobody can send a million."""

    def __init__(
        self, data: Mapping[str, Any] | None = None, *, boxes: Sequence[TextBox], examples: Sequence[str] = ()
    ) -> None:
        self._boxes = boxes
        self._data = data
        said = [said_of(box) for box in boxes] if data is None else []
        for one, example in zip(said, examples, strict=False):
            one["example"] = example
        self.slots = [self._slot(number, said[number : number + 1]) for number in range(MAX_BOXES)]
        self.problems: list[str] = []

    def _slot(self, number: int, said: list[dict[str, Any]]) -> BoxForm:
        """A slot as it was sent, or with what is said of a box; one that holds none is a blank form."""
        prefix, initial = f"box-{number}", {**EMPTY, "order": number + 1}
        for one in said:
            initial |= one
        slot = BoxForm(self._data, prefix=prefix, initial=initial)
        return slot if slot.is_used() else BoxForm(prefix=prefix, initial=initial)

    def __iter__(self) -> Iterator[BoxForm]:
        return iter(self.slots)

    def is_valid(self) -> bool:
        """Whether every box that is there can be drawn, and there is one."""
        used = self.used
        valid = [slot.is_valid() for slot in used]
        self.problems = [] if used else [gettext("A meme template has at least one box.")]
        return bool(used) and all(valid)

    @cached_property
    def used(self) -> list[BoxForm]:
        """The slots with a box, in their order on the page."""
        return [slot for slot in self.slots if slot.is_used()]

    def in_order(self) -> list[BoxForm]:
        """The slots with a box, in reading order. Only of valid forms."""
        return sorted(self.used, key=lambda slot: slot.cleaned_data["order"] or MAX_BOXES)

    def boxes(self) -> list[TextBox]:
        """The boxes in reading order; those of the meme template itself when nothing but rounding changed."""
        said = [slot.box() for slot in self.in_order()]
        same = [said_of(box) for box in said] == [said_of(box) for box in self._boxes]
        return list(self._boxes) if same else said

    def examples(self) -> list[str]:
        """The example texts in reading order."""
        return [slot.cleaned_data["example"] for slot in self.in_order()]


EMPTY: Final[dict[str, Any]] = {
    "angle": 0,
    "case": Case.UPPER.value,
    "align": Align.CENTER.value,
    "font": "",
    "colour": "#ffffff",
    "outlined": True,
    "outline": "#000000",
}


def said_of(box: TextBox) -> dict[str, Any]:
    """A box as the form says it: in percent, to a hundredth, inside the picture after rounding too."""
    x, y = round(box.x * 100, 2), round(box.y * 100, 2)
    return {
        "x": tidy(x),
        "y": tidy(y),
        "w": tidy(min(round(box.w * 100, 2), round(100 - x, 2))),
        "h": tidy(min(round(box.h * 100, 2), round(100 - y, 2))),
        "angle": tidy(round(box.angle, 2)),
        "case": str(box.case),
        "align": str(box.align),
        "font": box.font,
        "colour": box.colour,
        "outlined": box.outline is not None,
        "outline": box.outline or "#000000",
    }


def tidy(number: float) -> float | int:
    """The number without a needless ".0"."""
    return int(number) if number == int(number) else number
