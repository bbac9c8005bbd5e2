"""The rows that `bench.annotation_load` judges, and what it finds in the database afterwards.

Runs in processes of its own, once Django is set up, with the variables of the installation it is about:
`fill --memes N --templates N --users N` or `verify`. Each prints one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import secrets

from django.core.management import call_command
from django.db.models import Count, F, Q
from django.utils import timezone

from annotation.models import Group, GroupMember, Judgment, Meme, MemeTemplate, Pair, User
from annotation.services.people import create_user, give_consent
from corpus.texts import texts_key

BOXES = [{"x": 0.0, "y": 0.0, "w": 1.0, "h": 0.24}, {"x": 0.0, "y": 0.76, "w": 1.0, "h": 0.24}]


def fill(*, memes: int, templates: int, users: int) -> dict[str, str]:
    """Migrate an empty database, add memes that were never drawn and people who may judge them; passwords by user name."""
    call_command("migrate", interactive=False, verbosity=0)
    made = MemeTemplate.objects.bulk_create(
        MemeTemplate(slug=f"template-{number}", name=f"Template {number}", width=512, height=512, boxes=BOXES)
        for number in range(templates)
    )
    for number, template in enumerate(made):
        add_group(template, memes // templates + (number < memes % templates))
    return {name: add_annotator(name) for name in (f"annotator-{number}" for number in range(users))}


def add_group(template: MemeTemplate, size: int) -> None:
    """A meme template's memes and their group, as `show_meme` leaves them, in three statements instead of nine per meme."""
    memes = Meme.objects.bulk_create([undrawn(template, number) for number in range(size)])
    group = Group.objects.create(template=template, language="en", size=size)
    GroupMember.objects.bulk_create(
        GroupMember(group=group, meme=meme, position=position) for position, meme in enumerate(memes)
    )


def undrawn(template: MemeTemplate, number: int) -> Meme:
    """An unsaved meme whose picture does not exist."""
    texts = [f"When template {template.pk} meets caption {number}", "and nobody asked for either"]
    digest = hashlib.sha256(texts[0].encode()).hexdigest()
    return Meme(
        template=template,
        language="en",
        texts=texts,
        texts_key=texts_key(texts),
        picture=f"memes/{digest[:2]}/{digest}.jpg",
        renderer_version="bench",
    )


def add_annotator(name: str) -> str:
    """Somebody who has agreed, practised and seen the warning; their password."""
    password = secrets.token_urlsafe(16)
    annotator = create_user(username=name, password=password)
    give_consent(annotator=annotator)
    User.objects.filter(pk=annotator.pk).update(practised_at=timezone.now(), warning_seen_at=timezone.now())
    return password


def verify() -> dict[str, int]:
    """Judgments stored; those beyond the first of one annotator, pair and repeat; pairs that count more than they want."""
    in_force = Judgment.objects.filter(superseded_at=None)
    times = in_force.values("annotator", "pair", "assignment__repeat").annotate(times=Count("pk"))
    counted = Count("judgments", filter=Q(judgments__superseded_at=None, judgments__surplus=False))
    return {
        "stored": in_force.count(),
        "duplicates": sum(row["times"] - 1 for row in times.filter(times__gt=1)),
        "over_replicated": Pair.objects.annotate(counted=counted).filter(counted__gt=F("wanted")).count(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    filling = commands.add_parser("fill")
    for name in ("memes", "templates", "users"):
        filling.add_argument(f"--{name}", type=int, required=True)
    commands.add_parser("verify")
    options = parser.parse_args()
    if options.command == "verify":
        print(json.dumps(verify()))
    else:
        print(json.dumps(fill(memes=options.memes, templates=options.templates, users=options.users)))
