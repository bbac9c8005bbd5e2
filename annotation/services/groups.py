"""Groups and their members: positions without gaps, counts that agree, one order of locks (meme, its pairs, the group)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from annotation.models import EmptyGroup, Group, GroupMember, Meme, MemeTemplate, Pair

Result = TypeVar("Result")


class Overtaken(Exception):
    """Somebody changed what stood before a lock while we waited for it: made a pair with the meme, moved a box."""


def join(memes: Sequence[Meme]) -> None:
    """Let memes that were never shown be judged: the last positions of their group are theirs, and no pair has them yet."""
    if not memes:
        return
    group = Group.objects.select_for_update(no_key=True).get(pk=_group_of(memes[0]).pk)
    GroupMember.objects.bulk_create(
        GroupMember(group=group, meme=meme, position=group.size + number) for number, meme in enumerate(memes)
    )
    Group.objects.filter(pk=group.pk).update(size=F("size") + len(memes))
    EmptyGroup.objects.filter(group=group, until__gt=timezone.now()).update(until=timezone.now())


def show(meme: Meme) -> None:
    """Give a meme the last position of its group, unless it has one, and let its pairs count again."""
    group = _group_of(meme)
    GroupMember.objects.get_or_create(group=group, meme=meme)
    unless_overtaken(_show, meme, group.pk)


def retire(meme: Meme) -> None:
    """Take a meme's position away; the group's last position moves into the gap."""
    unless_overtaken(_retire, meme)


@transaction.atomic
def _group_of(meme: Meme) -> Group:
    """The group that a meme belongs to. One made now is shown only when its meme template is: behind that one's lock."""
    which = {"template": meme.template_id, "language": meme.language, "request_key": ""}
    if group := Group.objects.filter(**which).first():
        return group
    template = MemeTemplate.objects.select_for_update(no_key=True).get(pk=meme.template_id)
    active = template.status == MemeTemplate.Status.ACTIVE
    return Group.objects.get_or_create(
        template=template, language=meme.language, request_key="", defaults={"active": active}
    )[0]


def unless_overtaken(change: Callable[..., Result], *arguments: object) -> Result:
    """Change something in one transaction, from its beginning again as often as it was `Overtaken`."""
    while True:
        try:
            with transaction.atomic():
                return change(*arguments)
        except Overtaken:
            continue  # the next time what is new is locked like the others


def lock_all_of(template_id: int) -> list[int]:
    """The groups of a meme template, locked after all their pairs; `Overtaken` when there is a new pair."""
    groups = list(Group.objects.filter(template=template_id).order_by("pk").values_list("pk", flat=True))
    pairs = Pair.objects.filter(group__in=groups)
    locked = set(pairs.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    list(Group.objects.select_for_update(no_key=True).filter(pk__in=groups).order_by("pk"))
    if not locked.issuperset(pairs.values_list("pk", flat=True)):
        raise Overtaken
    return groups


def _show(meme: Meme, group_id: int) -> None:
    Meme.objects.select_for_update(no_key=True).get(pk=meme.pk)  # first, as retiring does
    locked = _locked_pairs(meme)
    group = _locked_group(group_id, meme, locked)
    member = GroupMember.objects.get(group=group, meme=meme)
    if member.position is not None:
        return
    Meme.objects.filter(pk=meme.pk).update(status=Meme.Status.ACTIVE)
    GroupMember.objects.filter(pk=member.pk).update(position=group.size)
    Group.objects.filter(pk=group.pk).update(size=F("size") + 1)
    EmptyGroup.objects.filter(group=group, until__gt=timezone.now()).update(until=timezone.now())
    _recount(group, meme)


def _retire(meme: Meme) -> None:
    Meme.objects.filter(pk=meme.pk).update(status=Meme.Status.RETIRED)
    locked = _locked_pairs(meme)
    for group_id in sorted(GroupMember.objects.filter(meme=meme).values_list("group_id", flat=True)):
        group = _locked_group(group_id, meme, locked)
        member = GroupMember.objects.get(group=group, meme=meme)
        if member.position is None:
            continue
        GroupMember.objects.filter(pk=member.pk).update(position=None)
        GroupMember.objects.filter(group=group, position=group.size - 1).update(position=member.position)
        Group.objects.filter(pk=group.pk).update(size=F("size") - 1)
        _recount(group, meme)


def _locked_pairs(meme: Meme) -> set[int]:
    """A meme's pairs, locked before any group, as leasing does (see services/judging.py)."""
    pairs = Pair.objects.filter(Q(first=meme) | Q(second=meme))
    return set(pairs.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def _locked_group(group_id: int, meme: Meme, locked: set[int]) -> Group:
    """The group, locked. Its other pairs must not be waited for from here on: `Overtaken` when the meme has a new one."""
    group = Group.objects.select_for_update(no_key=True).get(pk=group_id)
    pairs = Pair.objects.filter(Q(first=meme) | Q(second=meme), group=group)
    if not locked.issuperset(pairs.values_list("pk", flat=True)):
        raise Overtaken
    return group


def _recount(group: Group, meme: Meme) -> None:
    """Set which of the meme's pairs may be shown, and how many of its group's pairs are full."""
    shown = GroupMember.objects.filter(group=group, position__isnull=False).values("meme")
    pairs = Pair.objects.filter(Q(first=meme) | Q(second=meme), group=group)
    pairs.update(active=False)
    if group.active:  # else the whole meme template is retired
        pairs.filter(first__in=shown, second__in=shown).update(active=True)
    full = Pair.objects.filter(group=group, active=True, taken=F("wanted")).count()
    Group.objects.filter(pk=group.pk).update(full_pairs=full)
