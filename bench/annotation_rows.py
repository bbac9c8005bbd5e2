"""The rows that `bench.annotation_load` judges, and what it finds in the database afterwards.

Runs in processes of its own, once Django is set up, with the variables of the installation it is about:
`fill --memes N --templates N --users N --history N`, `verify` or `compare FILE`. Each prints one JSON object.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import secrets
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.db.models import Count, F, Q
from django.utils import timezone

from annotation.models import Group, GroupMember, Judgment, Meme, MemeTemplate, Pair, User
from annotation.services.history import PastAnswer, store_history
from annotation.services.people import create_user, give_consent
from corpus.comparisons import Outcome
from corpus.memes import Meme as MemeOfWorld
from corpus.synthetic import SyntheticTemplate, World, synthetic_world
from corpus.texts import texts_key

PEOPLE = 500  # whose history it is; those who judge in the measurement are among them


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows made for a world, by its ids."""

    memes: dict[str, int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)  # by meme template
    people: dict[str, int] = field(default_factory=dict)


def fill(*, memes: int, templates: int, users: int, history: int) -> dict[str, Any]:
    """Migrate an empty database, add memes that were never drawn, people, and what they said before.

    The passwords of those who are to judge, by user name, and how long the history took.
    """
    call_command("migrate", interactive=False, verbosity=0)
    world = synthetic_world(
        templates=templates,
        memes_per_template=-(-memes // templates),
        annotators=max(PEOPLE, users) if history else users,
        picture_size=None,
    )
    rows, kept = Rows(), list[MemeOfWorld]()
    for number, template in enumerate(world.templates):
        size = memes // templates + (number < memes % templates)
        mine = [meme for meme in world.memes if meme.template_id == template.row.template_id][:size]
        add_group(template, mine, rows)
        kept += mine
    passwords = add_people([person.name for person in world.simulator.annotators], users, rows)
    started = time.perf_counter()
    stored = store_history(answers=past_answers(world, kept, rows, history) if history else ())
    seconds = time.perf_counter() - started
    return {"passwords": passwords, "history": stored.judgments, "history_load_s": round(seconds, 1)}


def add_group(template: SyntheticTemplate, memes: Sequence[MemeOfWorld], rows: Rows) -> None:
    """A meme template, its memes and their group, as `show_meme` leaves them, in a few statements instead of nine per meme."""
    row = template.row
    stored = MemeTemplate.objects.create(
        slug=row.template_id,
        name=row.name,
        width=row.width,
        height=row.height,
        boxes=[box.to_json() for box in row.boxes],
    )
    made = Meme.objects.bulk_create([undrawn(stored, meme) for meme in memes], batch_size=5_000)
    group = Group.objects.create(template=stored, language="en", size=len(made))
    GroupMember.objects.bulk_create(
        [GroupMember(group=group, meme=meme, position=position) for position, meme in enumerate(made)],
        batch_size=5_000,
    )
    rows.groups[row.template_id] = group.pk
    rows.memes.update((meme.meme_id, row.pk) for meme, row in zip(memes, made, strict=True))


def undrawn(template: MemeTemplate, meme: MemeOfWorld) -> Meme:
    """An unsaved meme whose picture does not exist."""
    digest = hashlib.sha256(meme.meme_id.encode()).hexdigest()
    return Meme(
        template=template,
        language="en",
        texts=list(meme.texts),
        texts_key=texts_key(meme.texts),
        picture=f"memes/{digest[:2]}/{digest}.jpg",
        renderer_version="bench",
    )


def add_people(names: Sequence[str], users: int, rows: Rows) -> dict[str, str]:
    """Accounts; the first `users` have agreed, practised and seen the warning, and can sign in: their passwords."""
    passwords = {name: secrets.token_urlsafe(16) for name in names[:users]}
    for name, password in passwords.items():
        annotator = create_user(username=name, password=password)
        give_consent(annotator=annotator)
        now = timezone.now()
        User.objects.filter(pk=annotator.pk).update(practised_at=now, warning_seen_at=now)
    others = (User(username=name, password=make_password(None), kind="simulated") for name in names[users:])
    User.objects.bulk_create(others)
    rows.people.update(User.objects.values_list("username", "pk"))
    return passwords


def past_answers(world: World, memes: Sequence[MemeOfWorld], rows: Rows, number: int) -> Iterator[PastAnswer]:
    """What the annotators of the world say of its memes, one answer a second until a day ago.

    A pair's answers come together, as they do where the policy finishes pairs before it makes new ones.
    """
    start = timezone.now() - timedelta(days=1, seconds=number)
    fields = (
        "judgment_id", "template_id", "left_id", "right_id", "annotator", "outcome", "response_ms", "shown_at", "judged_at",
        "policy", "policy_version", "propensity",
    )  # fmt: skip
    said = world.simulator.judgments(memes, world.features, number, start=start)
    table = pa.concat_tables(pa.table(columns) for columns in said)
    by_pair = table["pair_id"].combine_chunks().dictionary_encode().indices  # numbered as they first appear
    for batch in table.select(fields).take(pc.array_sort_indices(by_pair)).to_batches(max_chunksize=10_000):
        rows_of_batch = zip(*(column.to_pylist() for column in batch.columns), strict=True)
        for judgment, template, left, right, who, outcome, ms, shown, judged, *how in rows_of_batch:
            one, other = rows.memes[left], rows.memes[right]
            yield PastAnswer(
                token=UUID(int=int(judgment.removeprefix("j"))),
                annotator_id=rows.people[who],
                group_id=rows.groups[template],
                memes=(min(one, other), max(one, other)),
                swapped=one > other,
                shown_at=shown.replace(tzinfo=UTC),
                answered_at=judged.replace(tzinfo=UTC),
                outcome=Outcome(outcome),
                response_ms=ms,
                policy=how[0],
                policy_version=how[1],
                pair_probability=how[2],
            )


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


def compare(file: Path) -> dict[str, int]:
    """What was acknowledged (a line of JSON each: name, assignment, token, outcome) against what is stored.

    Lost: no judgment in force under that token says the same. Doubled: its assignment, or its token, has another one beside it.
    """
    stored = Counter(
        (name, assignment, str(token), outcome)
        for name, assignment, token, outcome in Judgment.objects.filter(superseded_at=None).values_list(
            "annotator__username", "assignment_id", "token", "outcome"
        )
    )
    of_assignment = Counter(assignment for _, assignment, _, _ in stored.elements())
    of_token = Counter((name, token) for name, _, token, _ in stored.elements())
    acknowledged = [tuple(json.loads(line)) for line in file.read_text().splitlines()]
    return {
        "acknowledged": len(acknowledged),
        "stored": stored.total(),
        "lost": sum(stored[row] == 0 for row in acknowledged),
        "doubled": sum(of_assignment[row[1]] > 1 or of_token[row[0], row[2]] > 1 for row in acknowledged)
        + len(acknowledged)
        - len(set(acknowledged)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    filling = commands.add_parser("fill")
    for name in ("memes", "templates", "users", "history"):
        filling.add_argument(f"--{name}", type=int, required=True)
    commands.add_parser("verify")
    commands.add_parser("compare").add_argument("file", type=Path)
    options = vars(parser.parse_args())
    match options.pop("command"):
        case "verify":
            print(json.dumps(verify()))
        case "compare":
            print(json.dumps(compare(options["file"])))
        case _:
            print(json.dumps(fill(**options)))
