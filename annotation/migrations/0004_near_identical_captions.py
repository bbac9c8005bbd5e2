"""The key by which captions are told apart ignores punctuation from here on: the stored keys are made anew.

Of two memes that only punctuation told apart, one keeps its old key, because memes that were judged cannot be merged: the
new key stays with the meme that has it already, else it goes to the older one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

# The definition in force, not a copy of it: stored keys are compared with what this code computes.
from corpus.texts import texts_key

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from annotation.models import Meme

BATCH = 1000


def renew_keys(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    memes = apps.get_model("annotation", "Meme").objects
    for template in apps.get_model("annotation", "MemeTemplate").objects.values_list("pk", flat=True):
        changed = list(moved(memes.filter(template_id=template)))
        memes.bulk_update(changed, ["texts_key"], batch_size=BATCH)


def moved(memes: QuerySet[Meme]) -> Iterator[Meme]:
    """The memes of one template that get another key, with that key; none takes one that another has or gets."""
    taken = set(memes.values_list("language", "texts_key"))
    for meme in memes.only("pk", "language", "texts", "texts_key").order_by("pk").iterator(BATCH):
        # what was taken down has no texts any more, and its key keeps it from coming back
        key = texts_key(meme.texts) if meme.texts else meme.texts_key
        if (meme.language, key) not in taken:
            taken.add((meme.language, key))
            meme.texts_key = key
            yield meme


class Migration(migrations.Migration):

    dependencies = [("annotation", "0003_open_doors")]

    operations = [migrations.RunPython(renew_keys, migrations.RunPython.noop, elidable=True)]
