"""Taking in templates and captions, drawing them, and the starter pack."""

from __future__ import annotations

import hashlib
import io
import os
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image
from pytest_django import Settings

from annotation.models import Group, Meme, MemeTemplate, PracticePair, Role, User
from annotation.pictures import load_picture
from annotation.services.memes import Caption, add_memes, add_template
from annotation.services.takedowns import take_down
from corpus.errors import LayoutError, PictureError
from tests.annotation.builders import BOXES

pytestmark = pytest.mark.django_db


def picture(colour: str = "teal", *, size: tuple[int, int] = (120, 90), form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, form)
    return buffer.getvalue()


def add(slug: str = "teal", data: bytes | None = None) -> MemeTemplate:
    return add_template(slug=slug, name=slug.title(), picture=data or picture(), boxes=BOXES)


def test_a_template_is_known_by_its_original_picture_and_keeps_its_layout() -> None:
    template = add()
    assert template.picture_sha256 == hashlib.sha256(picture()).hexdigest()
    assert (template.width, template.height) == (120, 90)
    assert template.layout.boxes[0].case == "upper"


def test_identical_pictures_are_one_template() -> None:
    first = add("one")
    assert add("two") == first
    assert add("three", picture("red")) != first
    assert MemeTemplate.objects.count() == 2


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"not a picture",
        picture()[:60],
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"\x89PNG\r\n\x1a\n" + b"\0" * 64,
    ],
)
def test_what_is_no_picture_is_refused_and_nothing_stays(data: bytes) -> None:
    with pytest.raises(PictureError):
        add_template(slug="bad", name="Bad", picture=data, boxes=BOXES)
    assert not MemeTemplate.objects.exists()
    assert not default_storage.exists("templates")


def test_a_box_outside_the_picture_is_refused() -> None:
    with pytest.raises(LayoutError, match="stay inside"):
        add_template(
            slug="bad", name="Bad", picture=picture(), boxes=[{"x": 0.9, "y": 0, "w": 0.5, "h": 0.1}]
        )


def test_memes_are_drawn_stored_and_put_into_their_group() -> None:
    template = add()
    taken = add_memes(template=template, captions=[Caption(texts=[f"joke {n}"]) for n in range(3)])
    assert (len(taken.added), taken.known) == (3, 0)
    group = Group.objects.get(template=template)
    assert (group.size, set(group.members.values_list("position", flat=True))) == (3, {0, 1, 2})
    for meme in taken.added:
        with Image.open(io.BytesIO(load_picture(meme.picture))) as drawn:
            assert drawn.size == (120, 90)
            assert drawn.getextrema() != ((0, 0), (128, 128), (128, 128))


def test_captions_that_read_the_same_are_one_meme() -> None:
    template = add()
    texts = ["When it works", "  when IT\n works ", "when it works\u200b", "Ｗhen it works"]
    taken = add_memes(template=template, captions=[Caption(texts=[text]) for text in texts])
    assert (len(taken.added), taken.known) == (1, 3)
    again = add_memes(template=template, captions=[Caption(texts=["when it works"])])
    assert (again.added, again.known) == ([], 1)


def test_hostile_captions_are_cleaned_or_refused() -> None:
    template = add()
    nasty = "a\u0000b\u202ec <|image_pad|> <script>"
    (meme,) = add_memes(template=template, captions=[Caption(texts=[nasty])]).added
    assert meme.texts == ["abc <|image_pad|> <script>"]
    bad: list[list[str]] = [["x" * 10_000], [""], ["\u200b"], ["one", "two"], []]
    for texts in bad:
        taken = add_memes(template=template, captions=[Caption(texts=texts)])
        assert ([left.caption.texts for left in taken.left_out], taken.added) == ([texts], [])
    assert Meme.objects.count() == 1


def test_characters_without_a_glyph_are_reported(settings: Settings) -> None:
    settings.CJK_FONT = ""
    taken = add_memes(template=add(), captions=[Caption(texts=["中文 joke"], language="zh-hans")])
    assert taken.undrawn == {"中", "文"}


def test_memes_that_wait_for_moderation_are_in_no_group() -> None:
    template = add()
    add_memes(template=template, captions=[Caption(texts=["soon"], status=Meme.Status.PENDING)])
    assert not Group.objects.exists()


def test_the_starter_pack_is_loaded_once(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("load_starter", only=["goose-verdict", "two-buttons"])
    assert MemeTemplate.objects.count() == 2
    memes = Meme.objects.count()
    assert memes >= 40
    call_command("load_starter", only=["goose-verdict", "two-buttons"])
    assert Meme.objects.count() == memes
    call_command("load_starter", "--if-empty", only=["tiny-hero"])
    assert MemeTemplate.objects.count() == 2
    assert "there already" in capsys.readouterr().out
    assert all(pair.better.template == pair.worse.template for pair in PracticePair.objects.all())


def test_an_interrupted_first_start_goes_on_with_the_rest() -> None:
    call_command("load_starter", only=["two-buttons"])
    assert not PracticePair.objects.exists()
    call_command("load_starter", "--if-empty", only=["two-buttons", "goose-verdict"])
    assert MemeTemplate.objects.count() == 2
    assert PracticePair.objects.count() == 1


def test_a_starter_template_that_was_taken_down_stays_away_and_the_rest_is_loaded(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("load_starter", only=["two-buttons"])
    two_buttons = MemeTemplate.objects.get()
    take_down(template=two_buttons, reason="asked for", by=None)
    memes = Meme.objects.count()
    call_command("load_starter", only=["two-buttons", "goose-verdict"])
    assert f"Left out: {two_buttons.name!r} was taken down." in capsys.readouterr().out
    assert Meme.objects.filter(template=two_buttons).count() == memes
    assert Meme.objects.filter(template__slug="goose-verdict").exists()


def test_somebody_with_templates_of_their_own_is_left_alone() -> None:
    add()
    call_command("load_starter", "--if-empty", only=["two-buttons"])
    assert MemeTemplate.objects.count() == 1


def test_demo_accounts_are_made_once_one_per_role_and_kept_private(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.EMBEDDED, settings.DATA = True, tmp_path
    call_command("demo_accounts")
    first = capsys.readouterr().out
    call_command("demo_accounts")
    assert capsys.readouterr().out == first
    assert {user.username: user.roles for user in User.objects.all()} == {
        role.value: frozenset({role, Role.ANNOTATOR}) for role in Role
    }
    for line in first.splitlines()[1:]:
        username, password = line.split()
        assert User.objects.get(username=username).check_password(password)
    assert (tmp_path / "demo-accounts.json").stat().st_mode & 0o777 == 0o600
    admin = User.objects.get(username="admin")
    admin.set_password("changed by its owner")
    admin.save()
    call_command("demo_accounts")
    assert "admin" not in capsys.readouterr().out


def test_a_server_gets_no_demo_accounts(settings: Settings) -> None:
    settings.EMBEDDED = False
    with pytest.raises(CommandError, match="create_account"):
        call_command("demo_accounts")
    assert not User.objects.exists()


def test_an_account_is_made_from_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    os.write(write, b"a long password\nshort\na long password\n")
    os.close(write)
    with os.fdopen(read) as typed:
        monkeypatch.setattr("sys.stdin", typed)
        call_command("create_account", "root", "--role", "admin")
        assert User.objects.get().roles == {Role.ADMIN, Role.ANNOTATOR}
        with pytest.raises(CommandError, match="at least 8"):
            call_command("create_account", "other")
        with pytest.raises(CommandError, match="already"):
            call_command("create_account", "root")
