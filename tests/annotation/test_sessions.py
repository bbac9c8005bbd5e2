"""Who stays signed in."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from annotation.models import User
from tests.annotation.builders import make_annotator

pytestmark = pytest.mark.django_db


def test_a_session_lasts_until_its_end(client: Client) -> None:
    client.force_login(make_annotator())
    assert client.get("/me/").status_code == 200
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get("/me/").headers["Location"] == "/accounts/login/?next=/me/"


def test_a_session_that_was_deleted_is_none(client: Client) -> None:
    client.force_login(make_annotator())
    Session.objects.all().delete()
    assert client.get("/me/").status_code == 302


def test_a_deactivated_account_is_signed_out_at_once(client: Client) -> None:
    ann = make_annotator()
    client.force_login(ann)
    User.objects.filter(pk=ann.pk).update(is_active=False)
    assert client.get("/me/").status_code == 302
