"""`manage.py create_token NAME --scope judge`: an API token for an account that opens no page."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.errors import AnnotationError
from annotation.models import ApiToken, Scope, User
from annotation.services.tokens import create_token


class Command(BaseCommand):
    help = "Make an API token and print it, this once; what is said about it goes to standard error."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--scope", choices=[scope.value for scope in Scope], action="append", default=[])
        parser.add_argument("--name", default="made on the command line")
        parser.add_argument("--days", type=int, default=90, help=f"at most {ApiToken.MAX_DAYS}")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["username"]).first()
        if user is None:
            raise CommandError(f"There is no account {options['username']!r}.")
        scopes = frozenset(Scope(value) for value in options["scope"]) or frozenset({Scope.JUDGE})
        try:
            token, plain = create_token(user=user, name=options["name"], scopes=scopes, days=options["days"])
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        except AnnotationError as error:
            raise CommandError(f"Not made: {error}.") from error
        self.stderr.write(f"For {', '.join(token.scopes)}, until {token.expires_at:%Y-%m-%d}:")
        self.stdout.write(plain)
