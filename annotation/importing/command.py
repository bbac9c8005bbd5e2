"""What the import commands share: a progress bar, an end that is said, a report."""

from __future__ import annotations

import io
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar

from annotation.importing.progress import Progress
from annotation.importing.report import Report, printable
from corpus.sources.found import Refused

WIDTH = 110
STOPPED = 130  # as a shell says of Ctrl-C


class ImportCommand(BaseCommand):
    """A command that ends with a report. It fails only when the import could not run at all."""

    report_type: type[Report] = Report

    def add_arguments(self, parser: CommandParser | ArgumentParser) -> None:
        parser.add_argument(
            "--report",
            type=Path,
            metavar="FILE.json",
            help="write all that was left out, and why, to this file",
        )

    @contextmanager
    def reported(self, source: Path, options: dict[str, Any]) -> Iterator[Report]:
        """An import's account, printed and kept whatever ends it; a source that cannot be read at all is an error."""
        file: Path | None = options["report"]
        if file and not file.parent.is_dir():
            raise CommandError(f"{file}: there is no folder {file.parent}")
        if file and file.is_dir():
            raise CommandError(f"{file}: this is a folder; --report names a file")
        if not source.exists():
            raise CommandError(f"{source}: there is no such file or folder")
        report, start = self.report_type(source=source.name or str(source)), time.monotonic()
        try:
            yield report
        except Refused as refused:
            place = f"{source}, {refused.field}" if refused.field else f"{source}"
            raise CommandError(f"{place}: {refused.reason}") from refused
        except BrokenExecutor as died:
            self._end(report, start, file)
            raise CommandError("A drawing process died. The same command goes on from there.") from died
        except KeyboardInterrupt as stop:
            self._end(report, start, file)
            raise CommandError(
                "Stopped. What came in stays; the same command goes on from there.", returncode=STOPPED
            ) from stop
        self._end(report, start, file)

    def _end(self, report: Report, start: float, file: Path | None) -> None:
        report.seconds = time.monotonic() - start
        text = io.StringIO()
        console = Console(file=text, width=WIDTH, highlight=False, markup=False)
        console.print(report.table())
        for line in report.lines():
            console.print(line, soft_wrap=True)
        self.stdout.write(text.getvalue())
        if not file:
            return
        try:
            report.write(file)
        except OSError as error:
            raise CommandError(f"{file}: the report cannot be written ({error.strerror})") from error
        self.stdout.write(f"All of it: {file}")


@contextmanager
def progress_bar(what: str) -> Iterator[Progress]:
    """A bar on a terminal; nothing where there is none."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Bar(*columns, transient=True) as bar:
        task = bar.add_task(what, total=None)

        def move(done: float, total: int | None = None, what: str = "") -> None:
            if what:
                bar.update(task, description=printable(what))
            bar.update(task, completed=done, total=total)

        yield move
