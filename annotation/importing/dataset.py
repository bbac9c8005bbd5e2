"""A dataset directory (docs/dataset.md), judgments included: what another installation, or this one, has exported.

Meme templates are known by the hash of their original picture, else by their source id; memes by their texts; answers by tokens made
of their ids, and by their moments, so that the same dataset again, a later one of the same people, or one that came around through a
third installation never doubles anything. Answers on what is not taken in are left out with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import asdict, dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db.models import Q
from django.utils.text import slugify
from rich.table import Table

from annotation.errors import TakenDown
from annotation.importing.answers import Answers
from annotation.importing.progress import Progress
from annotation.importing.report import KINDS, Report, printable
from annotation.importing.templates import take_template
from annotation.models import Meme, MemeTemplate
from annotation.services.memes import Caption, add_memes
from corpus.dataset import Dataset, TemplateRow
from corpus.errors import DatasetError, TextError
from corpus.memes import Meme as MemeRow
from corpus.sources.found import MAX_NAME, MAX_SLUG, FoundTemplate, Kind, Refusal, Refused
from corpus.texts import clean_texts, texts_key

CAPTIONS: Final = 500  # given to be drawn at a time


@dataclass(slots=True, kw_only=True)
class DatasetReport(Report):
    """The account of a dataset: beside templates and memes, people and what they said."""

    annotators: int = 0
    annotators_known: int = 0
    judgments: int = 0
    judgments_known: int = 0
    surplus: int = 0
    skips: int = 0
    skips_known: int = 0

    def to_json(self) -> dict[str, Any]:
        return Report.to_json(self) | {
            "annotators": {"added": self.annotators, "known": self.annotators_known},
            "judgments": {
                "added": self.judgments,
                "known": self.judgments_known,
                "surplus": self.surplus,
            },
            "skips": {"added": self.skips, "known": self.skips_known},
        }

    def table(self) -> Table:
        title = f"Import of {printable(self.source)}, {self.seconds:.1f} s"
        table = Table(title=title, title_justify="left")
        for name in ("", "came in", "known"):
            table.add_column(name, justify="right" if name else "left")
        for name, number, known in (
            ("meme templates", self.templates, self.templates_known),
            ("memes", self.memes, self.memes_known),
            ("annotators", self.annotators, self.annotators_known),
            ("judgments", self.judgments, self.judgments_known),
            ("skips and flags", self.skips, self.skips_known),
        ):
            table.add_row(name, f"{number:,}", f"{known:,}")
        if self.surplus:
            table.add_row("of the judgments, surplus", f"{self.surplus:,}", "")
        for kind, number in self.left_out.most_common():
            table.add_row(f"left out: {kind}", f"{number:,}", "")
        return table


@dataclass(slots=True, kw_only=True)
class Known:
    """What the ids of a dataset are here."""

    templates: dict[str, MemeTemplate] = field(default_factory=dict)
    memes: dict[str, Meme] = field(default_factory=dict)


def import_dataset(
    *,
    folder: Path,
    report: DatasetReport,
    accept_licence: bool = False,
    to_moderation: bool = False,
    drawn_by: Executor | None = None,
    progress: Progress,
) -> None:
    """Take in a dataset directory, verified as a whole before anything is stored.

    Memes come in as active, or wait for moderation. Raises `Refused` for a directory that is no sound dataset or whose judgments
    stand under another licence than ours.
    """
    dataset = _opened(folder, accept_licence=accept_licence)
    known = Known()
    for row in dataset.templates():
        if template := _take_template(dataset, row, report):
            known.templates[row.template_id] = template
    _take_memes(dataset, known, report, to_moderation=to_moderation, drawn_by=drawn_by, progress=progress)
    Answers(dataset=dataset, memes=known.memes, report=report, progress=progress).take()
    if statements := dataset.manifest.counts.get("statements", 0):
        report.note("statements.parquet", f"{statements:,} statements have no place here yet")


def _opened(folder: Path, *, accept_licence: bool) -> Dataset:
    try:
        dataset = Dataset.open(folder)
    except DatasetError as error:
        raise Refused(Kind.FILE, str(error)) from error
    licence = dataset.manifest.licence
    if licence != settings.JUDGMENTS_LICENCE and not accept_licence:
        reason = (
            f"its judgments stand under {licence!r}, ours under {settings.JUDGMENTS_LICENCE!r}; "
            "if they may be mixed, say so with --accept-licence"
        )
        raise Refused(Kind.FIELD, reason, field="licence")
    return dataset


# --- meme templates -------------------------------------------------------------------------------------------------------------


def _take_template(dataset: Dataset, row: TemplateRow, report: DatasetReport) -> MemeTemplate | None:
    """The meme template of a row, found or taken in; None, and noted, when it cannot be."""
    picture = dataset.picture(row.template_id)
    found = _found_template(row)
    if found is None and picture is None:
        reason = f"{row.template_id}: it has no picture, and is not known here by its source id"
        _refuse(report, Kind.NO_PICTURE, "image", reason)
        return None
    if found is not None and picture is None:
        report.templates_known += 1
        return found
    assert picture is not None
    name = row.name or row.source_id or row.template_id
    brought = FoundTemplate(
        file=f"templates.parquet, {row.template_id}",
        slug=slugify(name)[:MAX_SLUG] or "imported",
        name=name[:MAX_NAME],
        picture=picture,
        boxes=row.boxes,
        language=row.language,
        source=row.source,
        licence=row.licence,
        source_id=row.source_id or "",
        original_sha256=row.image_sha256,
    )
    return take_template(brought, report)


def _found_template(row: TemplateRow) -> MemeTemplate | None:
    """The meme template that has this picture, or without a picture came from the same place."""
    if row.image_sha256 is not None:
        return MemeTemplate.objects.filter(picture_sha256=row.image_sha256, takedown=None).first()
    same = Q(source_id=row.source_id) | Q(source_id="", slug=row.source_id)
    return MemeTemplate.objects.filter(same, takedown=None).order_by("pk").first()


def _refuse(report: DatasetReport, kind: Kind, field: str, reason: str, count: int = 1) -> None:
    report.refuse(Refusal(kind=kind, file="templates.parquet", field=field, reason=reason, count=count))


# --- memes ----------------------------------------------------------------------------------------------------------------------


def _take_memes(
    dataset: Dataset,
    known: Known,
    report: DatasetReport,
    *,
    to_moderation: bool,
    drawn_by: Executor | None,
    progress: Progress,
) -> None:
    """Draw and store the memes of the templates that came in, and find them all by their texts."""
    status = Meme.Status.PENDING if to_moderation else Meme.Status.ACTIVE
    total, done = dataset.manifest.counts["memes"], 0
    for template_id, rows in groupby(dataset.memes(), key=lambda meme: meme.template_id):
        template = known.templates.get(template_id)
        for piece in _pieces(rows):
            done += len(piece)
            if template is None:
                reason = f"its meme template {template_id} was left out"
                report.refuse(
                    Refusal(
                        kind=Kind.LEFT_BEHIND,
                        file="memes.parquet",
                        field="template_id",
                        reason=reason,
                        count=len(piece),
                    )
                )
            else:
                _take_piece(template, piece, status, known, report, drawn_by)
            progress(done, total, "Memes")


def _pieces(rows: Iterator[MemeRow]) -> Iterator[list[MemeRow]]:
    piece: list[MemeRow] = []
    for row in rows:
        piece.append(row)
        if len(piece) == CAPTIONS:
            yield piece
            piece = []
    if piece:
        yield piece


def _take_piece(
    template: MemeTemplate,
    rows: Sequence[MemeRow],
    status: str,
    known: Known,
    report: DatasetReport,
    drawn_by: Executor | None,
) -> None:
    if not template.picture:
        _find(template, rows, known)
        missing = sum(row.meme_id not in known.memes for row in rows)
        report.memes_known += len(rows) - missing
        if missing:
            _refuse(report, Kind.NO_PICTURE, "image", f"{template.name} has no picture to draw on", missing)
        return
    captions = [_caption(row, status) for row in rows]
    try:
        taken = add_memes(template=template, captions=captions, drawn_by=drawn_by)
    except TakenDown:
        _refuse(report, Kind.TAKEN_DOWN, "image", f"{template.name} was taken down meanwhile", len(rows))
        return
    report.memes += len(taken.added)
    report.memes_known += taken.known
    report.cut += taken.cut
    report.undrawn |= taken.undrawn
    for left in taken.left_out:
        reason = f"{rows[left.number].meme_id}: {left.reason}"
        report.refuse(Refusal(kind=KINDS[left.kind], file="memes.parquet", field="texts", reason=reason))
    _find(template, rows, known)


def _caption(row: MemeRow, status: str) -> Caption:
    return Caption(
        texts=row.texts,
        language=row.language,
        origin=row.origin.value,
        generator=row.generator or "",
        request=None if row.request is None else asdict(row.request),
        reasoning=row.reasoning or "",
        source_id=row.source_id or "",
        status=status,
    )


def _find(template: MemeTemplate, rows: Sequence[MemeRow], known: Known) -> None:
    """What the rows are here; what was taken down here is not found."""
    keys = {}
    for row in rows:
        try:
            keys[row.meme_id] = row.language, texts_key(clean_texts(row.texts, len(row.texts)))
        except TextError:
            continue
    stored = Meme.objects.filter(
        template=template, texts_key__in={key for _, key in keys.values()}, takedown=None
    )
    found = {(meme.language, meme.texts_key): meme for meme in stored.defer("reasoning")}
    known.memes.update((meme_id, found[key]) for meme_id, key in keys.items() if key in found)
