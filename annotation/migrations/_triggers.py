"""The triggers: invariants that constraints cannot express, for both databases. Migrations alone use this.

SQLite drops a table's triggers when a migration rebuilds the table, and will not rename a table that a trigger names; such a
migration runs `remove_triggers` first and `install_triggers` last.
"""

from django.apps.registry import Apps as StateApps
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

CROSSES = """
    SELECT 1 FROM annotation_group g
    JOIN annotation_meme a ON a.id = NEW.first_id
    JOIN annotation_meme b ON b.id = NEW.second_id
    WHERE g.id = NEW.group_id
      AND a.template_id = g.template_id AND b.template_id = g.template_id
      AND a.language = g.language AND b.language = g.language
      AND (g.request_key = '' OR (a.request_key = g.request_key AND b.request_key = g.request_key))
"""
MOVED = "NEW.template_id <> OLD.template_id OR NEW.language <> OLD.language OR NEW.request_key <> OLD.request_key"
AGREES_WITH_ASSIGNMENT = """
    SELECT 1 FROM annotation_assignment a WHERE a.id = NEW.assignment_id
      AND a.pair_id = NEW.pair_id AND a.annotator_id = NEW.annotator_id AND a.swapped = NEW.swapped
      AND (a.slot = NEW.slot OR (a.slot IS NULL AND NEW.slot IS NULL))
"""
AGREES_WITH_PAIR = """
    SELECT 1 FROM annotation_pair p WHERE p.id = NEW.pair_id AND p.group_id = NEW.group_id AND p.wanted = NEW.wanted
"""
JUDGMENT_MESSAGE = "a judgment agrees with its assignment"
ASSIGNMENT_MESSAGE = "an assignment agrees with its pair"
GROUP_MESSAGE = "a group never changes its template, language or request"
PAIR_MESSAGE = "a pair never leaves its group"
MEME_MESSAGE = "a meme never changes its template, language or request"

SQLITE = [
    *[
        f"CREATE TRIGGER a_pair_never_leaves_its_group_{event.split()[0].lower()} BEFORE {event} ON annotation_pair "
        f"WHEN NOT EXISTS ({CROSSES}) BEGIN SELECT RAISE(ABORT, '{PAIR_MESSAGE}'); END"
        for event in ("INSERT", "UPDATE OF group_id, first_id, second_id")
    ],
    "CREATE TRIGGER a_meme_never_changes_its_group BEFORE UPDATE OF template_id, language, request_key ON annotation_meme "
    f"WHEN {MOVED} BEGIN SELECT RAISE(ABORT, '{MEME_MESSAGE}'); END",
    "CREATE TRIGGER a_group_never_changes BEFORE UPDATE OF template_id, language, request_key ON annotation_group "
    f"WHEN {MOVED} BEGIN SELECT RAISE(ABORT, '{GROUP_MESSAGE}'); END",
    "CREATE TRIGGER a_judgment_agrees_with_its_assignment BEFORE INSERT ON annotation_judgment "
    f"WHEN NOT EXISTS ({AGREES_WITH_ASSIGNMENT}) BEGIN SELECT RAISE(ABORT, '{JUDGMENT_MESSAGE}'); END",
    "CREATE TRIGGER an_assignment_agrees_with_its_pair BEFORE INSERT ON annotation_assignment "
    f"WHEN NOT EXISTS ({AGREES_WITH_PAIR}) BEGIN SELECT RAISE(ABORT, '{ASSIGNMENT_MESSAGE}'); END",
]
POSTGRESQL = [
    "CREATE FUNCTION annotation_pair_in_group() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF NOT EXISTS ({CROSSES}) THEN RAISE EXCEPTION '{PAIR_MESSAGE}' USING ERRCODE = 'check_violation'; END IF; "
    "RETURN NEW; END $$",
    "CREATE TRIGGER a_pair_never_leaves_its_group BEFORE INSERT OR UPDATE OF group_id, first_id, second_id "
    "ON annotation_pair FOR EACH ROW EXECUTE FUNCTION annotation_pair_in_group()",
    "CREATE FUNCTION annotation_meme_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF {MOVED} THEN RAISE EXCEPTION '{MEME_MESSAGE}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER a_meme_never_changes_its_group BEFORE UPDATE OF template_id, language, request_key "
    "ON annotation_meme FOR EACH ROW EXECUTE FUNCTION annotation_meme_stays()",
    "CREATE FUNCTION annotation_group_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF {MOVED} THEN RAISE EXCEPTION '{GROUP_MESSAGE}' USING ERRCODE = 'check_violation'; END IF; RETURN NEW; END $$",
    "CREATE TRIGGER a_group_never_changes BEFORE UPDATE OF template_id, language, request_key "
    "ON annotation_group FOR EACH ROW EXECUTE FUNCTION annotation_group_stays()",
    "CREATE FUNCTION annotation_judgment_agrees() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF NOT EXISTS ({AGREES_WITH_ASSIGNMENT}) THEN RAISE EXCEPTION '{JUDGMENT_MESSAGE}' USING ERRCODE = 'check_violation'; END IF; "
    "RETURN NEW; END $$",
    "CREATE TRIGGER a_judgment_agrees_with_its_assignment BEFORE INSERT ON annotation_judgment "
    "FOR EACH ROW EXECUTE FUNCTION annotation_judgment_agrees()",
    "CREATE FUNCTION annotation_assignment_agrees() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
    f"IF NOT EXISTS ({AGREES_WITH_PAIR}) THEN RAISE EXCEPTION '{ASSIGNMENT_MESSAGE}' USING ERRCODE = 'check_violation'; END IF; "
    "RETURN NEW; END $$",
    "CREATE TRIGGER an_assignment_agrees_with_its_pair BEFORE INSERT ON annotation_assignment "
    "FOR EACH ROW EXECUTE FUNCTION annotation_assignment_agrees()",
]
POSTGRESQL_BACK = [
    "DROP TRIGGER a_pair_never_leaves_its_group ON annotation_pair",
    "DROP FUNCTION annotation_pair_in_group",
    "DROP TRIGGER a_meme_never_changes_its_group ON annotation_meme",
    "DROP FUNCTION annotation_meme_stays",
    "DROP TRIGGER a_group_never_changes ON annotation_group",
    "DROP FUNCTION annotation_group_stays",
    "DROP TRIGGER a_judgment_agrees_with_its_assignment ON annotation_judgment",
    "DROP FUNCTION annotation_judgment_agrees",
    "DROP TRIGGER an_assignment_agrees_with_its_pair ON annotation_assignment",
    "DROP FUNCTION annotation_assignment_agrees",
]
SQLITE_BACK = [
    "DROP TRIGGER a_pair_never_leaves_its_group_insert",
    "DROP TRIGGER a_pair_never_leaves_its_group_update",
    "DROP TRIGGER a_meme_never_changes_its_group",
    "DROP TRIGGER a_group_never_changes",
    "DROP TRIGGER a_judgment_agrees_with_its_assignment",
    "DROP TRIGGER an_assignment_agrees_with_its_pair",
]


def install_triggers(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in {"sqlite": SQLITE, "postgresql": POSTGRESQL}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def remove_triggers(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    for statement in {"sqlite": SQLITE_BACK, "postgresql": POSTGRESQL_BACK}[schema_editor.connection.vendor]:
        schema_editor.execute(statement)
