"""The bench with kills, in short: what it promises of the server, and that it would notice if that were not so."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg2
import pytest

from bench.annotation_kills import Killing, judge_under_fire
from bench.annotation_rows import compare
from tests.annotation.builders import make_annotator, make_group
from tests.annotation.test_judging import judge, lease
from tests.services import postgres_process


def test_every_acknowledged_judgment_survives_servers_killed_with_9() -> None:
    """Web server and PostgreSQL are killed while people judge: nothing acknowledged is lost or doubled."""
    killing = Killing(
        database="postgresql",
        users=4,
        judgments=250,
        memes=120,
        templates=6,
        between_s=(0.3, 0.6),
        down_s=0.1,
        most_kills=1,
        seed=3,
    )
    survived = judge_under_fire(killing)
    assert (survived.web_kills, survived.database_kills) == (1, 1)
    assert survived.acknowledged == survived.stored == 250
    assert survived.sound, survived


@pytest.mark.django_db
def test_a_lost_and_a_doubled_judgment_are_noticed(tmp_path: Path) -> None:
    ann = make_annotator()
    make_group(4)
    rows = []
    for _ in range(2):
        answered = judge(ann, lease(ann))
        answer = answered.answer
        rows.append(["ann", answer.assignment_id, str(answer.token), getattr(answer, "outcome", "")])
    file = tmp_path / "acknowledged.jsonl"

    def found(*acknowledged: list[object]) -> tuple[int, int]:
        file.write_text("".join(json.dumps(row) + "\n" for row in acknowledged))
        compared = compare(file)
        return compared["lost"], compared["doubled"]

    assert found(*rows) == (0, 0)
    assert found(rows[0], [*rows[1][:3], "both_bad"]) == (1, 0)
    assert found(rows[0], ["ann", 10**9, *rows[1][2:]]) == (1, 0)
    assert found(rows[0], rows[0]) == (0, 1)


def test_a_killed_postgresql_comes_back_with_what_was_committed() -> None:
    with postgres_process() as running:
        connection = psycopg2.connect(running.url)
        with connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE kept AS SELECT 7 AS number")
        running.kill()
        with pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(running.url)
        running.start()
        again = psycopg2.connect(running.url)
        with again.cursor() as cursor:
            cursor.execute("SELECT number FROM kept")
            assert cursor.fetchall() == [(7,)]
        again.close()
        connection.close()
