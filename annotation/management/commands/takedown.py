"""`manage.py takedown`: take down a meme or a meme template; also finishes takedowns that a crash left unfinished."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.models import Meme, MemeTemplate, Takedown, User
from annotation.services.takedowns import finish_takedowns, take_down


class Command(BaseCommand):
    help = (
        "Take down a meme or a meme template for good: its pictures are deleted and it goes into no dataset."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument("--meme", type=int, metavar="ID", help="one meme, by its number")
        what.add_argument("--template", metavar="SLUG", help="a meme template with all its memes")
        what.add_argument(
            "--finish",
            action="store_true",
            help="only delete the pictures that earlier takedowns left behind",
        )
        parser.add_argument("--reason", default="", help="why; it is kept with the date")
        parser.add_argument(
            "--by", metavar="USERNAME", help="the account that decides; nobody's if not given"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["finish"]:
            self.stdout.write(f"{finish_takedowns()} takedowns finished.")
            return
        if not options["reason"].strip():
            raise CommandError("say why: --reason")
        by = None
        if options["by"] is not None:
            by = found(User.objects.filter(username=options["by"]), f"account {options['by']!r}")
        what: dict[str, Any] = (
            {"meme": found(Meme.objects.filter(pk=options["meme"]), f"meme {options['meme']}")}
            if options["meme"] is not None
            else {
                "template": found(
                    MemeTemplate.objects.filter(slug=options["template"]),
                    f"meme template {options['template']!r}",
                )
            }
        )
        try:
            takedown = take_down(reason=options["reason"].strip(), by=by, **what)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        finish_takedowns()
        takedown = Takedown.objects.get(pk=takedown.pk)
        self.stdout.write(f"Taken down on {takedown.at:%Y-%m-%d}: {takedown.reason}")


def found(rows: Any, name: str) -> Any:
    """The one row. Raises `CommandError` when there is none."""
    row = rows.first()
    if row is None:
        raise CommandError(f"there is no {name}")
    return row
