"""Requests made up from the OpenAPI document, right ones and wrong ones: nothing breaks, and every answer is as described.

A quick look on every run; `python -m bench.api_fuzz` looks for longer.
"""

from __future__ import annotations

import pytest
from pytest_django.live_server_helper import LiveServer

from annotation.models import Assignment, Role
from annotation.pictures import store_picture
from bench.api_fuzz import fuzz
from tests.annotation.api.asking import judgment, program_of
from tests.annotation.builders import make_annotator, make_group


@pytest.mark.timeout(180)
def test_nothing_breaks_and_every_answer_is_as_described(live_server: LiveServer) -> None:
    for size in (6, 4):
        make_group(size)
    program = program_of(make_annotator(roles=frozenset({Role.RESEARCHER})))
    (pair,) = program.lease()
    program.post("judgments/", judgment(pair["id"]))
    picture = store_picture(folder="memes", data=b"\xff\xd8 a picture", extension="jpg")
    found, words = fuzz(
        server=live_server.url,
        token=program.token,
        examples=4,
        seed=20_261_121,
        phases="examples,fuzzing",
        picture=picture,
    )
    assert (found.failures, found.errors) == (0, 0), words
    assert found.operations == found.described
    assert found.cases >= 50
    assert Assignment.objects.count() > 1  # requests went all the way in
