"""Meme templates from a memegen checkout."""

from __future__ import annotations

from pathlib import Path

from annotation.importing.captions import take_captions
from annotation.importing.progress import Progress
from annotation.importing.report import Report
from annotation.importing.templates import take_template
from corpus.sources.found import FoundCaption, FoundTemplate, Refusal
from corpus.sources.memegen import read_memegen, template_folders


def import_memegen(*, folder: Path, report: Report, examples: bool = False, progress: Progress) -> None:
    """Take in the meme templates of a checkout, and with `examples` the caption that each is shown with there.

    `progress` is told how many are done of how many. Raises `Refused` when the folder is no checkout.
    """
    total = len(template_folders(folder))
    for done, found in enumerate(read_memegen(folder), start=1):
        match found:
            case Refusal():
                report.refuse(found)
            case FoundTemplate():
                template = take_template(found, report)
                if template and examples and any(found.example):
                    take_captions(template, [_example(found)], report)
        progress(done, total)


def _example(found: FoundTemplate) -> FoundCaption:
    return FoundCaption(
        file=f"{found.file}/config.yml",
        row=0,
        template=found.slug,
        texts=found.example,
        language=found.language,
        source_id=f"{found.source_id}:example",
        is_padded=True,  # memegen leaves the last boxes empty when there are fewer lines
    )
