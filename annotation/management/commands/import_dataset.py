"""`manage.py import_dataset DIR`: a dataset directory, judgments included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from annotation.importing.command import ImportCommand, progress_bar
from annotation.importing.dataset import DatasetReport, import_dataset
from corpus.processes import drawing_processes


class Command(ImportCommand):
    help = "Take in a dataset directory (docs/dataset.md) with what people said, as of people who cannot sign in here."
    report_type = DatasetReport

    def add_arguments(self, parser: Any) -> None:
        super().add_arguments(parser)
        parser.add_argument("directory", type=Path)
        parser.add_argument(
            "--accept-licence",
            action="store_true",
            help="take in judgments that stand under another licence than ours",
        )
        parser.add_argument(
            "--to-moderation",
            action="store_true",
            help="new memes wait for moderation before anybody sees them",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["directory"]
        with (
            self.reported(folder, options) as report,
            progress_bar("Dataset") as progress,
            drawing_processes() as pool,
        ):
            assert isinstance(report, DatasetReport)
            import_dataset(
                folder=folder,
                report=report,
                accept_licence=options["accept_licence"],
                to_moderation=options["to_moderation"],
                drawn_by=pool,
                progress=progress,
            )
