"""`manage.py create_account NAME --role admin`: an account with a role, of a person or of a program."""

from __future__ import annotations

import getpass
import sys
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotation.models import Role, User
from annotation.services.people import create_user, give_consent


class Command(BaseCommand):
    help = "Make an account; the password is asked for, or read from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--role", choices=[role.value for role in Role], action="append", default=[])
        parser.add_argument("--email", default="")
        parser.add_argument("--kind", choices=User.Kind.values, default=User.Kind.PERSON.value)

    def handle(self, *args: Any, **options: Any) -> None:
        asked = getpass.getpass() if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
        if len(asked) < 8:
            raise CommandError("A password has at least 8 characters.")
        if User.objects.filter(username=options["username"]).exists():
            raise CommandError(f"There is an account {options['username']!r} already.")
        roles = frozenset(Role(name) for name in options["role"]) | {Role.ANNOTATOR}
        try:
            made = create_user(
                username=options["username"],
                password=asked,
                email=options["email"],
                roles=roles,
                kind=options["kind"],
            )
            # A program reads no page: whoever makes its account agrees for it.
            if made.kind != User.Kind.PERSON:
                give_consent(annotator=made)
        except ValidationError as error:
            raise CommandError("; ".join(error.messages)) from error
        words = [] if options["kind"] == User.Kind.PERSON else [f"kind {options['kind']}"]
        self.stdout.write(f"Account {options['username']} made: {', '.join([*sorted(roles), *words])}.")
