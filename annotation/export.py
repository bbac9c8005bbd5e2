"""The way out: what people said, written as a dataset directory (docs/dataset.md). Reads only.

Everything is read in one consistent view of the database and streamed, so that a directory is what was there at one moment and
memory does not grow with it. Left out by default: simulated annotators and judging programs. Always left out: what was taken
back, what is younger than the undo window, what is not covered by a consent in force, and what was taken down.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db.models import F, OuterRef

from annotation.consistent import consistent_read
from annotation.models import Assignment, Judgment, PseudonymScope, Skip, User
from annotation.pictures import load_picture
from annotation.queries.dataset import (
    exportable,
    exportable_memes,
    exportable_templates,
    settled_until,
)
from corpus.dataset import DatasetWriter, Manifest, SkipKind, SkipRow, TemplateRow
from corpus.errors import DatasetError
from corpus.memes import Meme as MemeRow
from corpus.memes import Origin, UserRequest
from corpus.rendering import RENDERER_VERSION

CHUNK = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What goes into a dataset. They stand in its manifest and in its hash."""

    kinds: tuple[str, ...] = (User.Kind.PERSON.value,)
    pseudonym_scope: str = "public"  # the same scope gives an annotator the same pseudonym in every dataset
    drawn_memes: bool = (
        False  # whether the drawn memes are packed as well; they can be drawn again from the rest
    )


def export_dataset(
    *,
    path: Path,
    filters: Filters | None = None,
    cutoff: datetime | None = None,
    progress: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Write the dataset directory `path`. The same database, filters and cut-off give the same content hash.

    A cut-off within the undo window is put back to its
    beginning. `progress` is called with the judgments written so far. Raises `DatasetExists` when the path is taken.
    """
    filters = filters or Filters()
    settled = settled_until()
    cutoff = min(cutoff or settled, settled)
    scope, _ = PseudonymScope.objects.get_or_create(name=filters.pseudonym_scope)
    writer = DatasetWriter(
        path,
        filters=asdict(filters),
        cutoff=cutoff,
        licence=settings.JUDGMENTS_LICENCE,
        renderer_version=RENDERER_VERSION,
    )
    with consistent_read(), writer:
        pseudonyms = Pseudonyms(scope.key)
        _write_templates(writer)
        _write_memes(writer, filters)
        _write_judgments(writer, filters, cutoff, pseudonyms, progress)
        _write_skips(writer, filters, cutoff, pseudonyms)
    assert writer.manifest is not None
    return writer.manifest


def padded(number: int) -> str:
    """A row's number as an id whose text order is the order of the numbers."""
    return f"{number:012d}"


class Pseudonyms(dict[int, str]):
    """Annotators' pseudonyms under one scope key: an HMAC of the account's number, made when first asked for."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = bytes.fromhex(key)

    def __missing__(self, annotator: int) -> str:
        self[annotator] = hmac.new(self.key, str(annotator).encode(), hashlib.sha256).hexdigest()[:20]
        return self[annotator]


def _write_templates(writer: DatasetWriter) -> None:
    for template in exportable_templates().order_by("pk").iterator(chunk_size=100):
        picture = _picture(template.picture, f"meme template {template.slug}") if template.picture else None
        row = TemplateRow(
            template_id=padded(template.pk),
            name=template.name,
            language=template.language,
            width=template.width,
            height=template.height,
            boxes=template.layout.boxes,
            image_sha256=template.picture_sha256,
            source=template.source,
            source_id=template.source_id or template.slug,
            licence=template.licence,
        )
        writer.template(row, picture, template.picture.rpartition(".")[2] or "png")


def _write_memes(writer: DatasetWriter, filters: Filters) -> None:
    for meme in exportable_memes().order_by("pk").iterator(chunk_size=CHUNK):
        row = MemeRow(
            meme_id=padded(meme.pk),
            template_id=padded(meme.template_id),
            language=meme.language,
            texts=tuple(meme.texts),
            origin=Origin(meme.origin),
            generator=meme.generator or None,
            request=_request(meme.request),
            reasoning=meme.reasoning or None,
            source_id=meme.source_id or None,
        )
        drawn = _picture(meme.picture, f"meme {meme.pk}") if filters.drawn_memes else None
        writer.meme(row, drawn, "jpg")


def _picture(name: str, whose: str) -> bytes:
    """The bytes of a picture. Raises `DatasetError` when they are gone, as with a takedown since the export began."""
    try:
        return load_picture(name)
    except FileNotFoundError as error:
        raise DatasetError(
            f"the picture of {whose} is gone; if it was taken down just now, export again"
        ) from error


def _request(request: dict[str, Any] | None) -> UserRequest | None:
    return (
        None
        if request is None
        else UserRequest(**{**request, "keywords": tuple(request.get("keywords", ()))})
    )


JUDGMENT_FIELDS = (
    "pk", "pair_id", "assignment_id", "pair__group__template_id", "swapped", "pair__first_id", "pair__second_id", "outcome",
    "question", "request_shown", "annotator_id", "annotator__kind", "response_ms", "shown_at", "judged_at", "assignment__policy",
    "assignment__policy_version", "propensity", "surplus", "first_time",
)  # fmt: skip


def _write_judgments(
    writer: DatasetWriter,
    filters: Filters,
    cutoff: datetime,
    pseudonyms: Pseudonyms,
    progress: Callable[[int], None],
) -> None:
    first_time = Assignment.objects.filter(annotator=OuterRef("annotator"), pair=OuterRef("pair"), repeat=0)
    given = (
        exportable(Judgment.objects.all(), kinds=filters.kinds, time="judged_at", cutoff=cutoff)
        .annotate(
            propensity=F("assignment__template_probability") * F("assignment__pair_probability"),
            first_time=first_time.exclude(pk=OuterRef("assignment")).values("judgments__pk")[:1],
        )
        .order_by("pk")
        .values_list(*JUDGMENT_FIELDS)
    )
    rows = given.iterator(chunk_size=CHUNK)
    written = 0
    while chunk := list(islice(rows, CHUNK)):
        writer.judgments(_judgment_columns(chunk, pseudonyms))
        written += len(chunk)
        progress(written)


def _judgment_columns(rows: Sequence[tuple[Any, ...]], pseudonyms: Pseudonyms) -> dict[str, Sequence[Any]]:
    """Rows of `JUDGMENT_FIELDS` as the columns of judgments.parquet, in shown order."""
    columns = dict(zip(JUDGMENT_FIELDS, zip(*rows, strict=True), strict=True))
    shown = list(zip(columns["swapped"], columns["pair__first_id"], columns["pair__second_id"], strict=True))
    return {
        "judgment_id": [padded(pk) for pk in columns["pk"]],
        "pair_id": [padded(pk) for pk in columns["pair_id"]],
        "assignment_id": [padded(pk) for pk in columns["assignment_id"]],
        "template_id": [padded(pk) for pk in columns["pair__group__template_id"]],
        "left_id": [padded(second if swapped else first) for swapped, first, second in shown],
        "right_id": [padded(first if swapped else second) for swapped, first, second in shown],
        "outcome": columns["outcome"],
        "question": columns["question"],
        "request_shown": columns["request_shown"],
        "annotator": [pseudonyms[pk] for pk in columns["annotator_id"]],
        "annotator_kind": columns["annotator__kind"],
        "response_ms": columns["response_ms"],
        "shown_at": columns["shown_at"],
        "judged_at": columns["judged_at"],
        "policy": columns["assignment__policy"],
        "policy_version": columns["assignment__policy_version"],
        "propensity": columns["propensity"],
        "is_gold": [False] * len(rows),
        "repeat_of": [None if pk is None else padded(pk) for pk in columns["first_time"]],
        "surplus": columns["surplus"],
        "weight": [1.0] * len(rows),
    }


def _write_skips(writer: DatasetWriter, filters: Filters, cutoff: datetime, pseudonyms: Pseudonyms) -> None:
    given = exportable(Skip.objects.all(), kinds=filters.kinds, time="at", cutoff=cutoff).order_by(
        "assignment_id"
    )
    for skip in given.iterator(chunk_size=CHUNK):
        writer.skip(
            SkipRow(
                assignment_id=padded(skip.assignment_id),
                pair_id=padded(skip.pair_id),
                annotator=pseudonyms[skip.annotator_id],
                kind=SkipKind(skip.kind),
                reason=skip.reason or None,
                at=skip.at,
            )
        )
