"""What the people of a dataset said: their judgments, skips and flags."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID, uuid5

import pyarrow as pa
import pyarrow.compute as pc
from django.conf import settings
from django.utils import timezone

from annotation.importing.people import People
from annotation.importing.progress import Progress
from annotation.models import Assignment, Group, GroupMember, Meme, Skip
from annotation.pairing import canonical
from annotation.services.history import PastAnswer, store_history
from corpus.comparisons import Outcome
from corpus.dataset import Dataset
from corpus.sources.found import Kind, Refusal, Refused

if TYPE_CHECKING:
    from annotation.importing.dataset import DatasetReport

NAMESPACE: Final = UUID(
    "0c2f6f0e-8c1b-4b53-9a0f-7c8d1b5a4e21"
)  # of the tokens of answers that came by import
CLOCKS: Final = timedelta(minutes=5)  # by which another machine's clock may be fast
NAMED: Final = 20  # refusals of one kind that are named one by one; the others are counted
MOST_MS: Final = 2**31 - 1
SKIP_POLICY: Final = "not recorded"  # a dataset does not say how a pair that was skipped came to be shown


@dataclass(slots=True, kw_only=True)
class Answers:
    """The answers of one dataset on their way in."""

    dataset: Dataset
    memes: Mapping[str, Meme]  # here, by their id there
    report: DatasetReport
    progress: Progress
    people: People = field(init=False)
    groups: dict[tuple[int, str, str], int] = field(default_factory=dict)
    members: set[tuple[int, int]] = field(default_factory=set)
    pairs: dict[str, tuple[int, tuple[int, int]]] = field(
        default_factory=dict
    )  # group and memes, by id there
    named: Counter[tuple[Kind, str]] = field(default_factory=Counter)

    def take(self) -> None:
        """Store all that can be stored. Raises `Refused` for a licence that has no room."""
        judgments = self._table("judgments")
        skips = self._table("skips")
        total = len(judgments) + len(skips)
        self.people = People(scope=self.scope, licence=self.dataset.manifest.licence)
        self.people.meet(judgments, skips)
        stored = store_history(
            answers=self._judgments(judgments),
            progress=lambda done: self.progress(done, total, "Judgments"),
        )
        self.report.judgments, self.report.surplus = stored.judgments, stored.surplus
        self.report.judgments_known = stored.known
        stored = store_history(
            answers=self._skips(skips),
            progress=lambda done: self.progress(len(judgments) + done, total, "Skips"),
        )
        self.report.skips, self.report.skips_known = stored.skips, stored.known
        self.report.annotators, self.report.annotators_known = self.people.settle()
        self._count_unnamed()

    def _table(self, name: str) -> pa.Table:
        """A table of the dataset, the answers to one pair together, as they are quickest to store."""
        batches = list(self.dataset.batches(name))
        table = pa.Table.from_batches(batches, schema=None if batches else SCHEMAS[name])
        if not len(table):
            return table
        first_seen = table["pair_id"].combine_chunks().dictionary_encode().indices
        table = table.append_column("row", pa.array(range(len(table))))
        return table.take(pc.array_sort_indices(first_seen))

    @property
    def scope(self) -> str:
        """Within which a pseudonym is one person, and an id one row."""
        name = self.dataset.manifest.filters.get("pseudonym_scope")
        own = self.dataset.manifest.derived_from or self.dataset.manifest.content_hash
        return f"scope:{name}" if isinstance(name, str) and name else f"dataset:{own}"

    # --- judgments --------------------------------------------------------------------------------------------------------------

    def _judgments(self, table: pa.Table) -> Iterator[PastAnswer]:
        """The judgments that can be stored; the others are noted."""
        latest = timezone.now() + CLOCKS
        wanted = wanted_by(table)
        for batch in table.to_batches(max_chunksize=10_000):
            for row in plain_rows(batch):
                try:
                    yield self._judgment(row, latest, wanted)
                except Refused as refused:
                    self._refuse(refused, "judgments.parquet", row["judgment_id"], row["row"])

    def _judgment(self, row: dict[str, Any], latest: datetime, wanted: Mapping[str, int]) -> PastAnswer:
        check_judgment(row, latest)
        left, right = self._meme(row["left_id"]), self._meme(row["right_id"])
        if left.pk == right.pk:
            raise Refused(Kind.MERGED, "both its memes are one here", field="right_id")
        group = self._group(left, right, is_shown=row["request_shown"])
        memes = canonical(left.pk, right.pk)
        self.pairs[row["pair_id"]] = group, memes
        return PastAnswer(
            token=token_of(self.scope, row["annotator"], row["judgment_id"]),
            annotator_id=self.people.accounts[row["annotator"]],
            group_id=group,
            memes=memes,
            swapped=left.pk > right.pk,
            shown_at=row["shown_at"],
            answered_at=row["judged_at"],
            outcome=Outcome(row["outcome"]),
            response_ms=row["response_ms"],
            question=row["question"],
            policy=row["policy"],
            policy_version=row["policy_version"],
            pair_probability=row["propensity"],
            surplus=row["surplus"],
            repeats=row["repeat_of"] is not None,
            wanted=max(settings.REPLICATION, wanted.get(row["pair_id"], 0)),
        )

    def _meme(self, meme_id: str) -> Meme:
        meme = self.memes.get(meme_id)
        if meme is None:
            raise Refused(Kind.LEFT_BEHIND, f"the meme {meme_id} was left out or is taken down here")
        return meme

    def _group(self, left: Meme, right: Meme, *, is_shown: bool) -> int:
        """The group of two memes. One in which the request was shown is not judged here: the page does not show it."""
        request_key = left.request_key if is_shown else ""
        if is_shown and (not request_key or right.request_key != request_key):
            raise Refused(Kind.LEFT_BEHIND, "its memes have not the same request here", field="request_shown")
        if left.template_id != right.template_id or left.language != right.language:
            raise Refused(Kind.LEFT_BEHIND, "its memes are not of one group here", field="template_id")
        key = (left.template_id, left.language, request_key)
        if key not in self.groups:
            which = {"template_id": key[0], "language": key[1], "request_key": key[2]}
            self.groups[key] = Group.objects.get_or_create(**which, defaults={"active": not is_shown})[0].pk
            members = GroupMember.objects.filter(group=self.groups[key]).values_list("group_id", "meme_id")
            self.members.update(members)
        group = self.groups[key]
        for meme in (left, right):
            if (group, meme.pk) not in self.members:  # it waits for moderation, or was never shown so
                GroupMember.objects.get_or_create(group_id=group, meme=meme)
                self.members.add((group, meme.pk))
        return group

    # --- skips and flags --------------------------------------------------------------------------------------------------------

    def _skips(self, table: pa.Table) -> Iterator[PastAnswer]:
        """The skips that can be stored; the others are noted."""
        latest = timezone.now() + CLOCKS
        seen: set[str] = set()
        for batch in table.to_batches(max_chunksize=10_000):
            for row in plain_rows(batch):
                try:
                    yield self._skip(row, latest, seen)
                except Refused as refused:
                    self._refuse(refused, "skips.parquet", row["assignment_id"], row["row"])

    def _skip(self, row: dict[str, Any], latest: datetime, seen: set[str]) -> PastAnswer:
        if row["at"] > latest:
            raise Refused(Kind.FUTURE, f"{row['at'].isoformat()} lies in the future", field="at")
        is_flag = row["kind"] == Skip.Kind.FLAG.value
        if is_flag != (row["reason"] in Skip.Reason.values):
            reason = f"{row['reason']!r} is no reason for a {row['kind']} here"
            raise Refused(Kind.FIELD, reason, field="reason")
        if row["assignment_id"] in seen:
            raise Refused(Kind.DOUBLED, "its assignment ended before", field="assignment_id")
        seen.add(row["assignment_id"])
        if row["pair_id"] not in self.pairs:
            reason = "nobody judged its pair, so nothing says which memes it is about, or they were left out"
            raise Refused(Kind.LEFT_BEHIND, reason, field="pair_id")
        group, memes = self.pairs[row["pair_id"]]
        return PastAnswer(
            token=token_of(self.scope, row["annotator"], f"{row['assignment_id']}/{row['kind']}"),
            annotator_id=self.people.accounts[row["annotator"]],
            group_id=group,
            memes=memes,
            swapped=False,
            shown_at=row["at"],
            answered_at=row["at"],
            outcome=None,
            reason=row["reason"] if is_flag else "",
            policy=SKIP_POLICY,
            policy_version=0,
            pair_probability=1.0,
        )

    # --- what is left out -------------------------------------------------------------------------------------------------------

    def _refuse(self, refused: Refused, file: str, row_id: str, row: int) -> None:
        """Note a row; beyond the first of its kind it is only counted."""
        key = (refused.kind, file)
        self.named[key] += 1
        if self.named[key] <= NAMED:
            reason = f"{row_id} (row {row}, from 0): {refused.reason}"
            self.report.refuse(Refusal(kind=refused.kind, file=file, field=refused.field, reason=reason))

    def _count_unnamed(self) -> None:
        for (kind, file), number in self.named.items():
            if number > NAMED:
                more = number - NAMED
                self.report.refuse(Refusal(kind=kind, file=file, reason=f"{more:,} more rows", count=more))


SCHEMAS = {
    "judgments": pa.schema([("pair_id", pa.string())]),
    "skips": pa.schema([("pair_id", pa.string())]),
}


def plain_rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """The rows of a batch as dictionaries, times in UTC."""
    columns = []
    for column in batch.columns:
        if pa.types.is_timestamp(column.type):
            naive = column.cast(pa.int64()).to_numpy().view("datetime64[us]").tolist()
            columns.append([moment.replace(tzinfo=UTC) for moment in naive])
        else:
            columns.append(column.to_pylist())
    for values in zip(*columns, strict=True):
        yield dict(zip(batch.schema.names, values, strict=True))


def check_judgment(row: Mapping[str, Any], latest: datetime) -> None:
    """Raise `Refused` for what the format allows and this database does not."""
    for name in ("shown_at", "judged_at"):
        if row[name] > latest:
            raise Refused(Kind.FUTURE, f"{row[name].isoformat()} lies in the future", field=name)
    if row["is_gold"]:
        raise Refused(Kind.GOLD, "answers to gold pairs have no place here yet", field="is_gold")
    longest = Assignment._meta.get_field("policy").max_length or 0
    if len(row["policy"]) > longest or not row["policy"].isprintable():
        reason = f"a policy has at most {longest} printable characters here"
        raise Refused(Kind.FIELD, reason, field="policy")
    for name, most in (("policy_version", 2**15 - 1), ("response_ms", MOST_MS)):
        if row[name] is not None and row[name] > most:
            raise Refused(Kind.FIELD, f"{row[name]} is above {most}", field=name)


def token_of(scope: str, annotator: str, answer: str) -> UUID:
    """The token of an answer, the same whenever it comes."""
    return uuid5(NAMESPACE, f"{scope}\x1f{annotator}\x1f{answer}")


def wanted_by(judgments: pa.Table) -> dict[str, int]:
    """How many annotators each pair wanted at least: as many as have judged it and are not surplus."""
    if not len(judgments):
        return {}
    counted = (
        judgments.filter(pc.invert(judgments["surplus"])).group_by("pair_id").aggregate([([], "count_all")])
    )
    pairs, numbers = counted["pair_id"].to_pylist(), counted["count_all"].to_pylist()
    return {pair: min(number, 2**15 - 1) for pair, number in zip(pairs, numbers, strict=True)}
