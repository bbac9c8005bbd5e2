"""Making pairs, and taking and giving back their slots; only within the transaction that leases, answers or expires."""

from __future__ import annotations

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils import timezone

from annotation import statements
from annotation.models import EmptyGroup, Group, Pair
from annotation.pairing import MemePair


def make_pair(*, group_id: int, memes: MemePair) -> Pair:
    """Store a new pair and join its memes, or find the one that somebody else stored at the same moment."""
    first, second = memes
    try:
        with transaction.atomic():
            pair = Pair.objects.create(
                group_id=group_id, first_id=first, second_id=second, wanted=settings.REPLICATION
            )
    except IntegrityError:
        if found := statements.pair_of(group=group_id, first=first, second=second):
            return found[0]
        raise
    _join(group_id=group_id, memes=memes, pair=pair)
    return pair


def _join(*, group_id: int, memes: MemePair, pair: Pair) -> None:
    """Count a new pair at both its members, and mark them joined when one of them hangs together with the first pair."""
    (group,) = statements.locked_group(pk=group_id)
    first, second = memes
    both = statements.members_of(group=group_id, first=first, second=second)
    # Only the group's very first pair may start the connected part.
    joined = any(member.joined for member in both) or not statements.any_joined(group=group_id)
    # A meme, or the whole meme template, was retired since the draw: nobody is to see the pair.
    if not group.active or any(member.position is None for member in both):
        Pair.objects.filter(pk=pair.pk).update(active=False)
    statements.count_pair(group=group_id, first=first, second=second, joined=joined)


def take_slot(*, pair: Pair) -> int | None:
    """Take a free slot of the pair, or none when it has none. The row lock makes takers queue; the constraints stand behind it."""
    if not statements.take_if_free(pair=pair.pk):
        return None
    held = set(statements.held_slots(pair=pair.pk))
    if len(held) + 1 == pair.wanted:
        Group.objects.filter(pk=pair.group_id).update(full_pairs=F("full_pairs") + 1)
    return min(set(range(1, pair.wanted + 1)) - held)


def give_slot_back(*, pair_id: int) -> None:
    """Free a slot of the pair for somebody else."""
    pair = Pair.objects.select_for_update().get(pk=pair_id)
    if pair.active and pair.taken == pair.wanted:
        Group.objects.filter(pk=pair.group_id).update(full_pairs=Greatest(F("full_pairs") - 1, 0))
        now = (
            timezone.now()
        )  # behind the group's lock, as everywhere: whoever found the group empty may look again
        EmptyGroup.objects.filter(group=pair.group_id, until__gt=now).update(until=now)
    Pair.objects.filter(pk=pair_id).update(taken=F("taken") - 1)
