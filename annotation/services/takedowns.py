"""Taking down meme templates and memes: for good, with a reason, and with the bytes.

The rows change in one transaction; the pictures are deleted after it. A crash in between leaves the takedown unfinished, and
`finish_takedowns` deletes the rest: a task on a clock calls it, and so does the command. Locks: memes, meme template, pairs, groups.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from typing import Final

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotation.models import Group, GroupMember, Meme, MemeTemplate, Pair, Takedown, User
from annotation.services import groups
from annotation.services.memes import retire_meme

CHUNK: Final = 500  # pictures looked up at once


def take_down(
    *, reason: str, by: User | None, template: MemeTemplate | None = None, meme: Meme | None = None
) -> Takedown:
    """Take down one meme template with all its memes, or one meme; a second time changes nothing.

    What is down is retired for good, loses its texts and pictures, and is in no dataset from now on. What was said of it stays.
    """
    if (template is None) == (meme is None):
        raise TypeError("take_down takes one meme template, or one meme")
    if template is not None:
        return groups.unless_overtaken(_template_down, template.pk, reason, by)
    assert meme is not None
    return groups.unless_overtaken(_meme_down, meme.pk, reason, by)


def _meme_down(meme_id: int, reason: str, by: User | None) -> Takedown:
    meme = Meme.objects.select_for_update(no_key=True).get(pk=meme_id)
    if known := Takedown.objects.filter(meme=meme).first():
        return _then_delete(known)
    retire_meme(meme=meme)
    _empty(Meme.objects.filter(pk=meme_id))
    return _record(Takedown(meme=meme, reason=reason, by=by))


def _template_down(template_id: int, reason: str, by: User | None) -> Takedown:
    memes = Meme.objects.filter(template=template_id)
    locked = set(memes.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    # With the key: who adds a meme to it now waits, and then sees that it is down.
    template = MemeTemplate.objects.select_for_update().get(pk=template_id)
    if known := Takedown.objects.filter(template=template).first():
        return _then_delete(known)
    if not locked.issuperset(memes.values_list("pk", flat=True)):
        raise groups.Overtaken
    MemeTemplate.objects.filter(pk=template_id).update(
        status=MemeTemplate.Status.RETIRED, proposals_open=False
    )
    _close_groups(template_id)
    _empty(memes)
    return _record(Takedown(template=template, reason=reason, by=by))


def _close_groups(template_id: int) -> None:
    """Show no meme of a meme template any more, all at once."""
    closed = groups.lock_all_of(template_id)
    Pair.objects.filter(group__in=closed).update(active=False)
    GroupMember.objects.filter(group__in=closed).update(position=None)
    Group.objects.filter(pk__in=closed).update(active=False, size=0, full_pairs=0)


def _empty(memes: QuerySet[Meme]) -> None:
    """Leave of memes what they are known by, and nothing that they said. The key stays: they cannot come back."""
    memes.update(status=Meme.Status.RETIRED, texts=[], reasoning="", reviewed_at=timezone.now())


def _record(takedown: Takedown) -> Takedown:
    takedown.full_clean(exclude=["template", "meme", "by"])  # one of the first two is none; nobody: a program
    takedown.save()
    return _then_delete(takedown)


def _then_delete(takedown: Takedown) -> Takedown:
    """Delete its pictures once its rows are committed; a storage that fails then changes no more than the time it takes."""
    transaction.on_commit(lambda: _finish(takedown.pk), robust=True)
    return takedown


# --- the bytes ------------------------------------------------------------------------------------------------------------------


def finish_takedowns() -> int:
    """Delete what is left of the pictures of all takedowns, such as after a crash; how many takedowns that finished.

    One whose pictures cannot be deleted keeps none of the others waiting: its error is raised when all were tried.
    """
    newest_first = Takedown.objects.filter(finished_at=None).order_by("-pk")
    unfinished = list(newest_first.values_list("pk", flat=True))
    with ExitStack() as each:  # which calls the last one first, and all of them whatever one raises
        for takedown_id in unfinished:
            each.callback(_finish, takedown_id)
    return len(unfinished)


def _finish(takedown_id: int) -> None:
    takedown = Takedown.objects.select_related("template").get(pk=takedown_id)
    if takedown.template is not None:
        _delete_pictures([takedown.template.picture], MemeTemplate.objects.filter(takedown=None))
        memes = Meme.objects.filter(template=takedown.template)
    else:
        memes = Meme.objects.filter(takedown=takedown)
    names = sorted(set(memes.values_list("picture", flat=True)))
    for start in range(0, len(names), CHUNK):
        standing = Meme.objects.filter(takedown=None, template__takedown=None)
        _delete_pictures(names[start : start + CHUNK], standing)
    Takedown.objects.filter(pk=takedown_id).update(finished_at=timezone.now())


def _delete_pictures(names: Sequence[str], standing: QuerySet[Meme] | QuerySet[MemeTemplate]) -> None:
    """Delete the pictures that nothing which stands needs. Deleting one that is gone is no error."""
    needed = set(standing.filter(picture__in=names).values_list("picture", flat=True))
    for name in names:
        if name and name not in needed:
            default_storage.delete(name)
