"""Captions that a source holds for one meme template."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Executor

from annotation.errors import TakenDown
from annotation.importing.progress import Progress, silent
from annotation.importing.report import Report
from annotation.models import Meme, MemeTemplate
from annotation.services.memes import Caption, add_memes
from corpus.sources.found import FoundCaption, Kind


def take_captions(
    template: MemeTemplate,
    captions: Sequence[FoundCaption],
    report: Report,
    *,
    drawn_by: Executor | None = None,
    progress: Progress = silent,
) -> None:
    """Draw and store captions on a meme template; `progress` is told how many have been begun."""

    def each() -> Iterator[Caption]:
        for number, found in enumerate(captions):
            progress(number)
            yield _caption(found, template)

    if not template.picture:
        reason = f"the meme template {template.slug!r} has no picture to draw on"
        report.refuse_each(captions, Kind.NO_PICTURE, reason)
        return
    try:
        taken = add_memes(template=template, captions=each(), drawn_by=drawn_by, only_whole=True)
    except TakenDown:
        report.refuse_each(captions, Kind.TAKEN_DOWN, f"the meme template {template.slug!r} was taken down")
        return
    report.take(taken, captions)


def _caption(found: FoundCaption, template: MemeTemplate) -> Caption:
    padded = (*found.texts, *[""] * (len(template.boxes) - len(found.texts)))
    return Caption(
        texts=padded if found.is_padded else found.texts,
        language=found.language or template.language,
        origin=Meme.Origin.IMPORT,
        source_id=found.source_id,
    )
