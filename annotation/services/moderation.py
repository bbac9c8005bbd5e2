"""Moderation: what is decided about memes, and which words are not let in.

A decision locks its meme before anything else (then its pairs and their group, as in services/memes.py), so two moderators
queue, and the second finds out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta
from functools import lru_cache

from django.db import transaction
from django.utils import timezone

from annotation.errors import DecidedMeanwhile, NothingToUndo, TakenDown
from annotation.models import BlockedPhrase, Decision, Meme, User
from annotation.services.memes import retire_meme, show_meme
from corpus.blocklist import Blocklist

PENDING, ACTIVE, RETIRED = Meme.Status.PENDING, Meme.Status.ACTIVE, Meme.Status.RETIRED

# --- decisions ------------------------------------------------------------------------------------------------------------------


def approve_meme(*, meme_id: int, by: User | None, reason: str = "", seen: int | None = None) -> Decision:
    """Let a meme that waits be judged, or settle the complaints about one that is judged already.

    `seen` is the newest decision that the moderator knew of (0: none). Raises `DecidedMeanwhile`, `TakenDown`, `Meme.DoesNotExist`.
    """
    return _decide(meme_id, Decision.Action.APPROVE, {PENDING, ACTIVE}, by=by, reason=reason, seen=seen)


def retire(*, meme_id: int, by: User | None, reason: str = "", seen: int | None = None) -> Decision:
    """Never show a meme again, or not at all if it waits; what was said of it stays. Raises as `approve_meme`."""
    return _decide(meme_id, Decision.Action.RETIRE, {PENDING, ACTIVE}, by=by, reason=reason, seen=seen)


def restore(*, meme_id: int, by: User | None, reason: str = "", seen: int | None = None) -> Decision:
    """Let a retired meme be judged (again). Raises as `approve_meme`."""
    return _decide(meme_id, Decision.Action.RESTORE, {RETIRED}, by=by, reason=reason, seen=seen)


AFTER = {Decision.Action.APPROVE: ACTIVE, Decision.Action.RETIRE: RETIRED, Decision.Action.RESTORE: ACTIVE}


@transaction.atomic
def _decide(
    meme_id: int,
    action: Decision.Action,
    before: Collection[Meme.Status],
    *,
    by: User | None,
    reason: str,
    seen: int | None,
) -> Decision:
    meme = _locked(meme_id)
    newest = newest_decision(meme_id)
    known = 0 if newest is None else newest.pk
    if meme.status not in before or (seen is not None and seen != known):
        raise DecidedMeanwhile(meme_id)
    decision = Decision(meme=meme, action=action, reason=reason, by=by, was=meme.status, at=timezone.now())
    decision.full_clean(exclude=["by"])  # nobody: a program
    decision.save()
    _bring(meme, AFTER[action])
    Meme.objects.filter(pk=meme_id).update(reviewed_at=decision.at)
    return decision


def undo_decision(*, by: User) -> Decision:
    """Take back somebody's newest decision: its meme is as it was before.

    Raises `NothingToUndo` when none is young enough, `DecidedMeanwhile` when others decided after it, `TakenDown`.
    """
    since = timezone.now() - timedelta(seconds=Decision.UNDO_S)
    mine = Decision.objects.filter(by=by, undone_at=None, at__gte=since)
    newest = mine.order_by("-id").first()
    if newest is None:
        raise NothingToUndo(Decision.UNDO_S)
    return _undo(newest)


@transaction.atomic
def _undo(decision: Decision) -> Decision:
    meme = _locked(decision.meme_id)
    if newest_decision(meme.pk) != decision or meme.status != AFTER[Decision.Action(decision.action)]:
        raise DecidedMeanwhile(meme.pk)
    decision.undone_at = timezone.now()
    decision.save(update_fields=["undone_at"])
    _bring(meme, Meme.Status(decision.was))
    before = newest_decision(meme.pk)
    Meme.objects.filter(pk=meme.pk).update(reviewed_at=before and before.at)
    return decision


def newest_decision(meme_id: int) -> Decision | None:
    """The decision about a meme that holds."""
    return Decision.objects.filter(meme=meme_id, undone_at=None).order_by("-id").first()


def _locked(meme_id: int) -> Meme:
    """The meme, locked: whoever else decides about it, or takes it or its meme template down, waits. Raises `TakenDown`."""
    # Without the key: pairs and judgments may refer to it meanwhile.
    meme = Meme.objects.select_for_update(no_key=True, of=("self",)).get(pk=meme_id)
    if hasattr(meme, "takedown") or hasattr(meme.template, "takedown"):
        raise TakenDown(str(meme.template))
    return meme


def _bring(meme: Meme, status: Meme.Status) -> None:
    """Give a locked meme another status; its pairs and its group follow."""
    if meme.status == status:
        return
    if status == ACTIVE:
        show_meme(meme=meme)
        return
    retire_meme(meme=meme)
    if status == PENDING:
        Meme.objects.filter(pk=meme.pk).update(status=PENDING)


# --- the blocklist --------------------------------------------------------------------------------------------------------------


def load_blocklist() -> Blocklist:
    """What no caption that comes in may hold, as it stands now."""
    return _blocklist(tuple(BlockedPhrase.objects.order_by("pk").values_list("phrase", flat=True)))


@lru_cache(maxsize=1)
def _blocklist(phrases: tuple[str, ...]) -> Blocklist:
    return Blocklist(phrases)


@transaction.atomic
def block_phrases(*, phrases: Iterable[str], by: User | None) -> int:
    """Put phrases on the blocklist; how many were not there yet. Raises `BlocklistError` at the first bad one, adding none."""
    tidy = dict.fromkeys(" ".join(phrase.split()).casefold() for phrase in phrases)
    Blocklist(tidy)
    known = set(BlockedPhrase.objects.filter(phrase__in=tidy).values_list("phrase", flat=True))
    fresh = [BlockedPhrase(phrase=phrase, added_by=by) for phrase in tidy if phrase not in known]
    BlockedPhrase.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


def unblock_phrase(*, phrase_id: int) -> None:
    """Take a phrase off the blocklist; nothing that was refused for it comes back by itself."""
    BlockedPhrase.objects.filter(pk=phrase_id).delete()
