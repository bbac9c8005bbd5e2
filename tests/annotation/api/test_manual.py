"""docs/api.md does what it says: every command and the program in it are run as they stand."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from annotation.models import Judgment, Role
from tests.annotation.api.asking import Program, program_of
from tests.annotation.builders import make_annotator, make_group

MANUAL = (Path(__file__).resolve().parents[3] / "docs" / "api.md").read_text()


def blocks(language: str) -> list[str]:
    """The manual's pieces of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", MANUAL, re.MULTILINE | re.DOTALL)


@pytest.fixture
def program(live_server: LiveServer) -> Program:
    """A program of a researcher, before a real server with ten pairs."""
    make_group(5)
    return program_of(make_annotator(roles=frozenset({Role.RESEARCHER, Role.ANNOTATOR})))


def variables(program: Program, server: LiveServer, **more: str) -> dict[str, str]:
    """What the manual's code takes from the environment."""
    return {"PATH": os.environ["PATH"], "PUNCHLINE": server.url, "TOKEN": program.token, **more}


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing: install Debian's package `curl`")
def test_every_command_of_the_manual_answers_as_it_says(program: Program, live_server: LiveServer) -> None:
    said = []
    assignment = ""
    for block in blocks("bash"):
        run = subprocess.run(
            ["bash", "-euc", block],
            env=variables(program, live_server, ASSIGNMENT=assignment),
            capture_output=True,
            text=True,
            check=True,
        )
        decoder, text = json.JSONDecoder(), run.stdout
        while text:
            body, end = decoder.raw_decode(text)
            said.append(body)
            text = text[end:]
        assignment = str(said[0]["assignments"][0]["id"])
    leased, judged, batch, memes, templates, statistics = said
    assert len(leased["assignments"]) == 2
    assert (judged["result"], judged["answer"]) == ("stored", "left")
    assert [row["result"] for row in batch["results"]] == ["repeated", "refused"]
    assert batch["results"][1]["error"]["code"] == "not_assigned"
    assert (len(memes["results"]), len(templates["results"])) == (5, 1)
    assert statistics["judgments"] == 1
    assert Judgment.objects.get().response_ms == 2100


def test_the_judging_program_of_the_manual_judges_everything(
    program: Program, live_server: LiveServer
) -> None:
    (code,) = blocks("python")
    run = subprocess.run(
        [sys.executable, "-c", code],
        env=variables(program, live_server),
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout == "10 judged\n"
    assert Judgment.objects.count() == 10
    assert {judgment.outcome for judgment in Judgment.objects.all()} == {"tie"}


def test_what_the_manual_shows_as_json_is_json() -> None:
    for block in blocks("json"):
        json.loads(block)
    assert len(blocks("json")) == 4
