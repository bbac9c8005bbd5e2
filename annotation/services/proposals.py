"""Captions that people propose for a meme template; each waits for moderation."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from annotation.errors import ConsentMissing, ProposalRefused
from annotation.models import Meme, MemeTemplate, User
from annotation.services.memes import Caption, LeftOut, add_memes
from corpus.texts import clean_texts


def may_propose(user: User) -> bool:
    """Whether somebody may propose captions at all: a person with an account, not paused."""
    return not user.is_guest and user.paused_at is None


@transaction.atomic
def propose_caption(*, by: User, template_id: int, texts: Sequence[str], language: str) -> Meme:
    """Take in somebody's caption as a meme that waits for moderation.

    Raises `ProposalRefused`, `TextError`, `ConsentMissing`. The person's row is locked, so that the limit holds for two windows,
    and the template's, so that its boxes stay what they are until the meme is drawn.
    """
    person = User.objects.select_for_update(no_key=True).get(pk=by.pk)
    if not person.has_consented:
        raise ConsentMissing
    if not may_propose(person):
        raise ProposalRefused(ProposalRefused.NOT_YOURS)
    template = MemeTemplate.objects.select_for_update(no_key=True).filter(pk=template_id).first()
    if template is None or not takes_proposals(template):
        raise ProposalRefused(ProposalRefused.CLOSED)
    cleaned = clean_texts(texts, len(template.boxes))
    if proposals_left(person) <= 0:
        raise ProposalRefused(ProposalRefused.ENOUGH)
    caption = Caption(texts=cleaned, language=language, status=Meme.Status.PENDING, proposed_by=person)
    taken = add_memes(template=template, captions=[caption], only_whole=True)
    kinds = {left_out.kind for left_out in taken.left_out}
    if LeftOut.Kind.BLOCKED in kinds:
        raise ProposalRefused(ProposalRefused.BLOCKED)
    if LeftOut.Kind.UNDRAWN in kinds:
        raise ProposalRefused(ProposalRefused.NOT_WHOLE)
    if not taken.added:
        raise ProposalRefused(ProposalRefused.KNOWN)
    return taken.added[0]


def takes_proposals(template: MemeTemplate) -> bool:
    """Whether captions may be proposed for a meme template now."""
    is_shown = template.status == MemeTemplate.Status.ACTIVE and bool(template.picture)
    return template.proposals_open and is_shown and not hasattr(template, "takedown")


def proposals_left(person: User) -> int:
    """How many more captions somebody may propose today."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    return Meme.MAX_PROPOSALS_A_DAY - person.proposals.filter(created_at__gte=midnight).count()
