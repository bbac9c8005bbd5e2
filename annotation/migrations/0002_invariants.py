"""The roles, and the invariants that constraints cannot express: triggers on both databases.

A pair never leaves its group, so a comparison across templates, languages or shown requests cannot be stored by any code path;
and neither a meme nor a group ever changes its template, language or request, so an old pair cannot come to cross groups either.
An assignment agrees with its pair, a judgment with its assignment: so what holds for slots of assignments (held once, never more
than the pair wants) holds for judgments as well.

`tests/annotation/test_models.py` tries to store a crossing pair on the migrated schema, so a loss is seen.
"""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from annotation.migrations._triggers import install_triggers, remove_triggers

def add_roles(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    groups = apps.get_model("auth", "Group").objects
    for name in ("annotator", "researcher", "admin"):
        groups.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("annotation", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]
    operations = [
        migrations.RunPython(install_triggers, remove_triggers),
        migrations.RunPython(add_roles, migrations.RunPython.noop),
    ]
