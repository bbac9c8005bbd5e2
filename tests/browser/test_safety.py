"""What a page must never do: tell where a meme comes from, run a caption, load from elsewhere, break its own policy."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Error, Page, expect

from annotation.models import Meme, Role, User
from annotation.services.memes import Caption, add_memes
from tests.annotation.builders import make_annotator
from tests.browser.conftest import Visit
from tests.browser.driving import Shown, line_up, press, settle
from tests.browser.memes import draw_captions, draw_memes, draw_template
from tests.browser.places import furnish

HASHED = re.compile(r"/pictures/memes/[0-9a-f]{2}/[0-9a-f]{64}\.jpg")


def test_every_page_keeps_the_policy_and_asks_no_other_host(visit: Visit) -> None:
    """The `visit` fixture fails on any script error, refusal by the policy, or request to another host; here also on a 4xx.

    But for a page that is not there and an invitation that is gone.
    """
    refused: list[tuple[int, str]] = []
    for who, paths in furnish().items():
        page = visit(who, None)
        page.on(
            "response",
            lambda answer: refused.append((answer.status, answer.url)) if answer.status >= 400 else None,
        )
        for path in paths:
            page.goto(path)
    assert sorted(status for status, _ in refused) == [404, 410], refused


def test_judging_keeps_the_policy_too(visit: Visit) -> None:
    draw_memes(6)
    admin = make_annotator(name="admin", roles=frozenset(Role))
    User.objects.filter(pk=admin.pk).update(warning_seen_at=None)
    signed_in = visit(admin, None)
    refused: list[str] = []
    signed_in.on("response", lambda answer: refused.append(answer.url) if answer.status >= 400 else None)
    signed_in.goto("/judge/")
    signed_in.keyboard.press("Enter")
    signed_in.locator("#warning").wait_for(state="detached")
    for keys in (["ArrowLeft"], ["f", "1"], ["s"]):
        press(signed_in, *keys)
    settle(signed_in)
    signed_in.keyboard.press("u")
    signed_in.keyboard.press("?")
    expect(signed_in.get_by_role("dialog")).to_be_visible()
    assert refused == []


def test_the_watch_sees_a_violation_a_script_error_and_a_foreign_request(visit: Visit) -> None:
    page = visit(None, "/guidelines/")
    with page.expect_console_message(lambda message: message.text == "last"):
        page.evaluate("""() => {
          document.querySelector("h1").setAttribute("style", "color: red");
          setTimeout(() => { throw new Error("broken on purpose"); });
          setTimeout(() => console.error("last"));
        }""")
    with pytest.raises(Error, match="net::ERR"):
        page.goto("http://127.0.0.1:9/elsewhere")
    heard = " ".join(visit.troubles)
    words = (
        "security policy: style-src-attr",
        "broken on purpose",
        "another host: http://127.0.0.1:9/elsewhere",
    )
    assert [word for word in words if word not in heard] == []
    visit.troubles.clear()


def test_nothing_on_the_page_tells_where_a_meme_comes_from(visit: Visit) -> None:
    template = draw_template("Secret")
    captions = [
        Caption(
            texts=[f"top {number}", "bottom"],
            origin=Meme.Origin.GENERATOR,
            generator="v7",
            reasoning="because-it-rhymes",
        )
        for number in range(3)
    ]
    captions.append(Caption(texts=["by a", "person"], source_id="import-4711"))
    add_memes(template=template, captions=captions)
    page = visit(make_annotator())
    line_up(page)
    html = page.content().lower()
    for secret in ("v7", "generator", "because-it-rhymes", "import-4711", "human", "data-meme", "origin"):
        assert secret not in html, secret
    pictures = page.evaluate(
        "() => [...document.querySelectorAll('.pair img')].map((picture) => picture.getAttribute('src'))"
    )
    assert len(pictures) == 6
    assert all(HASHED.fullmatch(picture) for picture in pictures)
    allowed = {
        "class",
        "data-assignment",
        "src",
        "width",
        "height",
        "alt",
        "decoding",
        "name",
        "value",
        "data-key",
        "data-reason-key",
    }
    allowed |= {"method", "action", "autocomplete", "type", "tabindex", "aria-hidden", "aria-label", "role"}
    attributes = page.evaluate(
        "() => [...new Set([...document.querySelectorAll('.pair, .pair *')].flatMap((element) => element.getAttributeNames()))]"
    )
    assert set(attributes) <= allowed


HOSTILE = [
    ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>'),
    ("<|image_pad|>", "' onmouseover='alert(3)"),
    ("\u202egnihsup", "{{ 7|add:7 }} &lt;b&gt;"),
    ("</article></form><h1>mine</h1>", "`${alert(4)}`"),
]


def test_hostile_captions_are_text_and_nothing_else(visit: Visit) -> None:
    memes = draw_captions(HOSTILE)
    page = visit(make_annotator())
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    line_up(page)
    by_picture = {f"/pictures/{meme.picture}": meme for meme in memes}
    seen = set()
    for _ in range(6):
        shown = Shown.on(page)
        for picture, text in [(shown.left, shown.left_alt), (shown.right, shown.right_alt)]:
            meme = by_picture[picture]
            assert text == "Two dots: " + " / ".join(" ".join(line.split()) for line in meme.texts)
            seen.add(meme.pk)
        assert_shape(page)
        press(page, "t")
    assert seen == {meme.pk for meme in memes}
    assert dialogs == []


def assert_shape(page: Page) -> None:
    """The pair holds what a pair holds, whatever its captions say."""
    counts = {
        name: page.locator(f"#stage {name}").count() for name in ("h1", "img", "script", "button", "article")
    }
    assert counts == {"h1": 1, "img": 2, "script": 0, "button": 9, "article": 1}


def test_a_form_from_before_the_sign_in_is_refused_on_a_page_of_our_own(visit: Visit) -> None:
    page = visit(None, "/accounts/login/")
    page.context.clear_cookies()
    page.fill("[name=login]", "ann")
    page.fill("[name=password]", "a long password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in first")).to_be_visible()
