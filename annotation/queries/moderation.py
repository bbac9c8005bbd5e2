"""Reads: what waits for a moderator, what was decided, what was taken down."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, F, Prefetch, Q, QuerySet

from annotation.models import Decision, Judgment, Meme, MemeTemplate, Skip, Takedown
from annotation.queries.judging import Side, side_of
from corpus.blocklist import Blocklist

COMPLAINTS: Final = (Skip.Reason.OFFENSIVE, Skip.Reason.BROKEN)  # the others say nothing against a meme
LOOKED_THROUGH: Final = 20_000  # memes searched for blocked words while somebody waits: about a second
LISTED: Final = 100  # of those that hold any


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A meme before a moderator: unlike an annotator, they see where it comes from."""

    meme: Meme
    side: Side | None  # None: its picture was taken down
    complaints: list[tuple[str, int]]  # reason in words, how many, most first
    judged: int
    decisions: list[Decision]  # newest first, those taken back among them
    seen: int  # the newest decision that holds; 0 for none

    @property
    def decided(self) -> Decision | None:
        """The newest decision that holds."""
        return next((decision for decision in self.decisions if decision.undone_at is None), None)


def flags_in_force() -> QuerySet[Skip]:
    """Complaints that say something against a meme and were not taken back."""
    return Skip.objects.filter(kind=Skip.Kind.FLAG, superseded_at=None, reason__in=COMPLAINTS)


def complaints(memes: Sequence[int] | None = None) -> dict[int, Counter[str]]:
    """For each active meme with complaints since it was last decided about: how many of each reason. Two queries.

    A complaint about a pair counts for both its memes. Those of some memes alone, active or not, when they are given.
    """
    found: dict[int, Counter[str]] = defaultdict(Counter)
    for name in ("pair__first", "pair__second"):
        unsettled = Q(**{f"{name}__reviewed_at": None}) | Q(at__gt=F(f"{name}__reviewed_at"))
        which = {f"{name}__status": Meme.Status.ACTIVE} if memes is None else {f"{name}__in": memes}
        counted = flags_in_force().filter(unsettled, **which).values_list(name, "reason")
        for meme, reason, number in counted.annotate(number=Count("pk")).order_by():
            found[meme][reason] += number
    return found


def waiting() -> QuerySet[Meme]:
    """Memes that no annotator sees before a moderator has, the oldest first."""
    return Meme.objects.filter(status=Meme.Status.PENDING).order_by("pk")


def complained_of() -> list[int]:
    """Active memes with complaints in force, those with most first."""
    found = complaints()
    return sorted(found, key=lambda meme: (-found[meme].total(), meme))


def retired() -> QuerySet[Meme]:
    """Memes that may be restored, those decided about last first."""
    gone = Meme.objects.filter(status=Meme.Status.RETIRED, takedown=None, template__takedown=None)
    return gone.order_by(F("reviewed_at").desc(nulls_last=True), "-pk")


def log() -> QuerySet[Decision]:
    """All decisions, newest first."""
    return Decision.objects.select_related("meme__template", "meme__takedown", "by").order_by("-pk")


def takedowns() -> QuerySet[Takedown]:
    """All takedowns, newest first."""
    return Takedown.objects.select_related("template", "meme__template", "by").order_by("-pk")


def cases(memes: Iterable[int]) -> list[Case]:
    """Memes as a moderator sees them, in the given order."""
    ids = list(memes)
    newest_first = Prefetch("decisions", Decision.objects.select_related("by").order_by("-pk"))
    related = ("template__takedown", "takedown", "proposed_by")
    rows = Meme.objects.select_related(*related).prefetch_related(newest_first).in_bulk(ids)
    found, judged = complaints(ids), judgments_with(ids)
    return [_case(rows[pk], found.get(pk, Counter()), judged[pk]) for pk in ids if pk in rows]


def _case(meme: Meme, complained: Counter[str], judged: int) -> Case:
    down = hasattr(meme, "takedown") or hasattr(meme.template, "takedown")
    decisions = list(meme.decisions.all())
    return Case(
        meme=meme,
        side=None if down else side_of(meme),
        complaints=[(str(Skip.Reason(reason).label), number) for reason, number in complained.most_common()],
        judged=judged,
        decisions=decisions,
        seen=next((decision.pk for decision in decisions if decision.undone_at is None), 0),
    )


def judgments_with(memes: Sequence[int]) -> Counter[int]:
    """How often each of some memes was judged. Two queries."""
    found: Counter[int] = Counter()
    for name in ("pair__first", "pair__second"):
        given = Judgment.objects.filter(**{"superseded_at": None, f"{name}__in": memes})
        found.update(dict(given.values_list(name).annotate(number=Count("pk")).order_by()))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequences:
    """What a takedown would take with it."""

    memes: int
    judgments: int


def consequences(*, template: MemeTemplate | None = None, meme: Meme | None = None) -> Consequences:
    """How many memes would go, and how many judgments would be in no dataset any more."""
    if template is None:
        return Consequences(memes=1, judgments=judgments_with([meme.pk])[meme.pk] if meme else 0)
    judgments = Judgment.objects.filter(superseded_at=None, pair__group__template=template)
    return Consequences(memes=template.memes.count(), judgments=judgments.count())


def memes_holding(blocklist: Blocklist) -> list[tuple[Meme, str]]:
    """Of the newest memes that are shown or wait, those that hold words which are not let in, and the entry; at most `LISTED`."""
    shown = Meme.objects.exclude(status=Meme.Status.RETIRED).order_by("-pk")
    found: list[tuple[int, str]] = []
    for pk, texts in shown.values_list("pk", "texts")[:LOOKED_THROUGH].iterator(chunk_size=2000):
        if (phrase := blocklist.match(texts)) is not None:
            found.append((pk, phrase))
            if len(found) == LISTED:
                break
    rows = Meme.objects.select_related("template").in_bulk([pk for pk, _ in found])
    return [(rows[pk], phrase) for pk, phrase in found if pk in rows]
