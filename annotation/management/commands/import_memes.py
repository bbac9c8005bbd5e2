"""`manage.py import_memes FILE.jsonl|FILE.csv`: memes in our own form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from annotation.importing.command import ImportCommand, progress_bar
from annotation.importing.memes_file import import_memes
from corpus.processes import drawing_processes


class Command(ImportCommand):
    help = "Take in a file of memes, and the meme templates that it brings along (docs/importing.md)."

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        with (
            self.reported(path, options) as report,
            progress_bar("Memes") as progress,
            drawing_processes() as pool,
        ):
            import_memes(path=path, report=report, drawn_by=pool, progress=progress)
