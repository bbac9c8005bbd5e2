"""`manage.py import_imgflip DIR`: captions in the layout of ImgFlip575K."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from annotation.importing.command import ImportCommand, progress_bar
from annotation.importing.imgflip import import_imgflip
from corpus.processes import drawing_processes
from corpus.sources.files import read_bytes
from corpus.sources.found import Refused
from corpus.sources.imgflip import MAX_NAMES_BYTES, NamedTemplate, read_names


class Command(ImportCommand):
    help = "Take in captions laid out as ImgFlip575K for meme templates that are here (docs/importing.md)."

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--names",
            type=Path,
            metavar="FILE.json",
            help="which meme template each of imgflip's is, by slug",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["directory"]
        names = self.names(options["names"])
        with (
            self.reported(folder, options) as report,
            progress_bar("Captions") as progress,
            drawing_processes() as pool,
        ):
            import_imgflip(folder=folder, names=names, report=report, drawn_by=pool, progress=progress)

    def names(self, file: Path | None) -> dict[str, NamedTemplate]:
        """What the names file says. Raises `CommandError`: a name read wrongly would put captions on another picture."""
        if file is None:
            return {}
        try:
            return read_names(read_bytes(file, limit=MAX_NAMES_BYTES))
        except Refused as refused:
            place = f"{file}, {refused.field}" if refused.field else f"{file}"
            raise CommandError(f"{place}: {refused.reason}") from refused
