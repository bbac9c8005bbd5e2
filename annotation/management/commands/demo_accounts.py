"""`manage.py demo_accounts`: one account per role, for a first look on one's own machine."""

from __future__ import annotations

import json
import os
import secrets
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from annotation.models import Role, User
from annotation.services.people import create_user

WORDS = [
    "acorn",
    "banjo",
    "cactus",
    "dingo",
    "ember",
    "fjord",
    "gecko",
    "hippo",
    "igloo",
    "jelly",
    "kazoo",
    "llama",
    "mango",
    "noodle",
    "otter",
    "pickle",
    "quokka",
    "raven",
    "salsa",
    "tuba",
    "umbra",
    "velvet",
    "walrus",
    "yeti",
]


def passphrase() -> str:
    """Something that can be read out and typed: 31 bits, behind a limit on sign-ins."""
    return "-".join(secrets.choice(WORDS) for _ in range(4)) + f"-{secrets.randbelow(9_000) + 1_000}"


class Command(BaseCommand):
    help = "Make one demo account per role at the first start, and print them."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED:
            raise CommandError(
                "Demo accounts are for the embedded install; on a server use `manage.py create_account`."
            )
        path = settings.DATA / "demo-accounts.json"
        if not path.exists():
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(make_accounts(), file, indent=1)
        self.stdout.write("Demo accounts:")
        for username, password in json.loads(path.read_text()).items():
            user = User.objects.filter(username=username).first()
            if user and user.check_password(password):
                self.stdout.write(f"  {username:<12} {password}")


def make_accounts() -> dict[str, str]:
    """Create the accounts; researcher and admin may judge as well. Username to password."""
    made = {}
    for role in Role:
        if User.objects.filter(username=role).exists():
            continue
        password = passphrase()
        create_user(username=role, password=password, roles=frozenset({role, Role.ANNOTATOR}))
        made[role.value] = password
    return made
