"""The people of a dataset: accounts that nobody can sign in to, with the consent under which their answers were given."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Final

import pyarrow as pa
from django.contrib.auth.hashers import make_password
from django.db import transaction

from annotation.models import Assignment, Consent, User
from corpus.sources.found import Kind, Refused

CONSENT: Final = "import"  # the version of a consent that was given elsewhere
AT_A_TIME: Final = 1_000


@dataclass(slots=True, kw_only=True)
class People:
    """The accounts of one dataset's pseudonyms."""

    scope: str  # within which a pseudonym is one person
    licence: str  # of what they said
    accounts: dict[str, int] = field(default_factory=dict)  # by pseudonym
    new: set[int] = field(default_factory=set)

    def meet(self, judgments: pa.Table, skips: pa.Table) -> None:
        """Make the accounts that are missing. Raises `Refused` for a licence that has no room."""
        longest = Consent._meta.get_field("licence").max_length
        if longest is not None and len(self.licence) > longest:
            raise Refused(Kind.FIELD, f"a licence has at most {longest} characters here", field="licence")
        since, kinds = first_answers(judgments, skips), kinds_of(judgments)
        rest = iter(since.items())
        while some := dict(islice(rest, AT_A_TIME)):
            self._add(some, kinds)

    @transaction.atomic
    def _add(self, since: Mapping[str, datetime], kinds: Mapping[str, str]) -> None:
        names = {username_of(self.scope, pseudonym): pseudonym for pseudonym in since}
        there = set(User.objects.filter(username__in=names).values_list("username", flat=True))
        User.objects.bulk_create(
            User(
                username=name,
                kind=kinds.get(pseudonym, User.Kind.PERSON.value),
                password=make_password(None),
                is_active=False,
            )
            for name, pseudonym in names.items()
            if name not in there
        )
        found = dict(User.objects.filter(username__in=names).values_list("username", "pk"))
        self.accounts.update((names[name], pk) for name, pk in found.items())
        self.new.update(pk for name, pk in found.items() if name not in there)
        self._consent({found[name]: since[pseudonym] for name, pseudonym in names.items()})

    def _consent(self, since: Mapping[int, datetime]) -> None:
        """A consent from the first answer on: a dataset holds only what was given under one. One withdrawn here stays so."""
        known = {
            consent.annotator_id: consent
            for consent in Consent.objects.filter(annotator__in=since, version=CONSENT)
        }
        Consent.objects.bulk_create(
            Consent(annotator_id=pk, version=CONSENT, licence=self.licence, is_adult=True, given_at=at)
            for pk, at in since.items()
            if pk not in known
        )
        for pk, consent in known.items():
            if since[pk] < consent.given_at:
                Consent.objects.filter(pk=consent.pk).update(given_at=since[pk])

    @transaction.atomic
    def settle(self) -> tuple[int, int]:
        """Let go of new accounts of whom nothing came in; how many are new and how many were known."""
        gave = (
            Assignment.objects.filter(annotator__in=self.new).values_list("annotator", flat=True).distinct()
        )
        nothing = self.new - set(gave)
        Consent.objects.filter(annotator__in=nothing).delete()
        User.objects.filter(pk__in=nothing).delete()
        return len(self.new - nothing), len(self.accounts) - len(self.new)


def username_of(scope: str, pseudonym: str) -> str:
    """The account of a pseudonym: the same person in every dataset of one scope, nobody else in any other."""
    digest = hashlib.sha256(f"{scope}\x1f{pseudonym}".encode()).hexdigest()
    return f"imported-{digest[:24]}"


def first_answers(judgments: pa.Table, skips: pa.Table) -> dict[str, datetime]:
    """When each pseudonym first answered."""
    first: dict[str, datetime] = {}
    for table, name in ((judgments, "judged_at"), (skips, "at")):
        if not len(table):
            continue
        found = table.group_by("annotator").aggregate([(name, "min")])
        times = found[f"{name}_min"].cast(pa.int64()).to_numpy().view("datetime64[us]").tolist()
        for pseudonym, at in zip(found["annotator"].to_pylist(), times, strict=True):
            moment = at.replace(tzinfo=UTC)
            first[pseudonym] = min(moment, first.get(pseudonym, moment))
    return first


def kinds_of(judgments: pa.Table) -> dict[str, str]:
    """What kind of annotator each pseudonym is; one who only skipped is a person."""
    if not len(judgments):
        return {}
    found = judgments.group_by("annotator").aggregate([("annotator_kind", "min")])
    return dict(zip(found["annotator"].to_pylist(), found["annotator_kind_min"].to_pylist(), strict=True))
