"""What an admin says of an invitation."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from annotation.forms.people import ROLE_NAMES
from annotation.models import Invitation, Role

MAX_DAYS = 365


class InvitationForm(forms.Form):
    """Whom a link lets in, how often and for how long."""

    role = forms.TypedChoiceField(label=_("Role"), choices=[*ROLE_NAMES.items()], coerce=Role)
    quota = forms.IntegerField(
        label=_("For how many people"), min_value=1, max_value=Invitation.MAX_QUOTA, initial=1
    )
    days = forms.IntegerField(label=_("Valid for how many days"), min_value=1, max_value=MAX_DAYS, initial=14)
    note = forms.CharField(
        label=_("Note"), max_length=120, required=False, help_text=_("For admins: whom it is for.")
    )
    guests = forms.BooleanField(
        label=_("Guests may judge without an account"),
        required=False,
        help_text=_("Only with the role of annotator. A guest is known to one browser alone."),
    )

    def clean(self) -> dict[str, Any]:
        """The fields of `create_invitation`."""
        said: dict[str, Any] = super().clean() or {}
        if said.get("guests") and said.get("role") not in (None, Role.ANNOTATOR):
            self.add_error("guests", _("Guests can be annotators only."))
        if "days" in said:
            said["expires_at"] = timezone.now() + timedelta(days=said.pop("days"))
        return said
