"""Memes in our own form, and meme templates that they bring along."""

from __future__ import annotations

from collections import defaultdict
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path

from annotation.importing.captions import take_captions
from annotation.importing.progress import Progress
from annotation.importing.report import Report
from annotation.importing.templates import take_template
from annotation.models import MemeTemplate
from corpus.sources.found import FoundCaption, FoundTemplate, Kind, Refusal
from corpus.sources.memes_file import read_memes


def import_memes(*, path: Path, report: Report, drawn_by: Executor | None = None, progress: Progress) -> None:
    """Take in a file of memes; `progress` is told how many rows were read.

    Raises `Refused` when the file as a whole cannot be read.
    """
    waiting = _Waiting(report=report, drawn_by=drawn_by)
    for number, found in enumerate(read_memes(path), start=1):
        match found:
            case Refusal():
                report.refuse(found)
            case FoundTemplate():
                waiting.brought[found.slug] = take_template(found, report)
            case FoundCaption():
                waiting.add(found)
        progress(number)
    waiting.flush()


@dataclass(slots=True, kw_only=True)
class _Waiting:
    """Captions read and not yet stored, by meme template, so that they come in by batches and not one by one."""

    MOST = 1000

    report: Report
    drawn_by: Executor | None
    brought: dict[str, MemeTemplate | None] = field(default_factory=dict)  # None: it could not be taken in
    captions: dict[str, list[FoundCaption]] = field(default_factory=lambda: defaultdict(list))
    number: int = 0

    def add(self, caption: FoundCaption) -> None:
        self.captions[caption.template].append(caption)
        self.number += 1
        if self.number >= self.MOST:
            self.flush()

    def flush(self) -> None:
        for slug, captions in self.captions.items():
            if template := self._template(slug):
                take_captions(template, captions, self.report, drawn_by=self.drawn_by)
            else:
                self.report.refuse_each(captions, Kind.NO_TEMPLATE, f"there is no meme template {slug!r}")
        self.captions.clear()
        self.number = 0

    def _template(self, slug: str) -> MemeTemplate | None:
        if slug in self.brought:
            return self.brought[slug]
        return MemeTemplate.objects.filter(slug=slug).first()
