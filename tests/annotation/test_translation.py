"""Simplified Chinese: the catalog says what the sources say, and no page is left half English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from html.parser import HTMLParser
from http import HTTPStatus
from io import BytesIO
from itertools import chain
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.translation.template import templatize

from annotation.models import DayTally, Meme, Pair, PracticePair, Role, Skip, User
from annotation.services.people import create_user
from annotation.views import people
from tests.annotation.builders import make_annotator, make_group

ROOT = Path(__file__).resolve().parents[2]
CATALOG = ROOT / "annotation" / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
UPDATE = (
    "manage.py makemessages -l zh_Hans --no-location --no-wrap --no-obsolete -i tests -i bench, "
    "then translate, then manage.py compilemessages -i .venv (both need GNU gettext)"
)
# Django's functions and what they take: the sentence alone, sentence and plural, context and sentence.
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    **dict.fromkeys(["_", "gettext", "gettext_lazy", "gettext_noop"]),
    **dict.fromkeys(["ngettext", "ngettext_lazy"], (1, 2)),
    **dict.fromkeys(["pgettext", "pgettext_lazy"], ((1, "c"), 2)),
    **dict.fromkeys(["npgettext", "npgettext_lazy"], ((1, "c"), 2, 3)),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w*\}")
HAN = "[一-鿿]"

Key = tuple[str, str | None]


# --- the catalog and the sources ------------------------------------------------------------------------------------------------


def sources() -> Iterator[tuple[Path, bytes]]:
    """Every file that speaks to people, as Python; of a page only what is to be translated is left."""
    for folder in ("annotation", "config", "loop"):
        for path in (ROOT / folder).rglob("*.py"):
            yield path, path.read_bytes()
    for path in chain.from_iterable((ROOT / "templates").rglob(kind) for kind in ("*.html", "*.txt")):
        # What is left of a page is indented as its markup was, which is no Python.
        lines = templatize(path.read_text(), origin=str(path)).splitlines()
        yield path, "\n".join(line.strip() for line in lines).encode()


def said() -> dict[Key, Path]:
    """Every sentence of the sources, with its context, and a file that says it."""
    found: dict[Key, Path] = {}
    for path, code in sources():
        for _line, message, _comments, context in extract("python", BytesIO(code), KEYWORDS):
            found[(message if isinstance(message, str) else message[0], context)] = path
    return found


def catalog() -> Catalog:
    with CATALOG.open("rb") as file:
        return read_po(file)


def sentences(of: Catalog) -> list[Message]:
    """The messages without the header, which stands under the empty sentence."""
    return [message for message in of if message.id]


def forms(message: Message) -> tuple[str, ...]:
    """The translations of a message: one, or one per plural form; an empty one where it has none."""
    string = message.string or ""
    return (string,) if isinstance(string, str) else tuple(string)


def originals(message: Message) -> tuple[str, ...]:
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def test_every_sentence_of_the_sources_is_in_the_catalog_and_no_other() -> None:
    there = {(originals(message)[0], message.context) for message in sentences(catalog())}
    wanted = said()
    assert len(wanted) > 150
    missing = {key[0]: str(path.relative_to(ROOT)) for key, path in wanted.items() if key not in there}
    assert missing == {}, f"new sentences; run {UPDATE}"
    assert there - set(wanted) == set(), f"nobody says these any more; run {UPDATE}"


def test_every_sentence_is_translated_and_none_is_a_guess() -> None:
    messages = sentences(catalog())
    assert [message.id for message in messages if message.fuzzy] == []
    assert [message.id for message in messages if not all(forms(message))] == []


def test_the_compiled_catalog_says_what_the_readable_one_says() -> None:
    # Both through the same reader, which leaves contexts undecoded.
    compiled_now = BytesIO()
    write_mo(compiled_now, catalog())
    compiled_now.seek(0)
    with CATALOG.with_suffix(".mo").open("rb") as file:
        compiled = read_mo(file)
    wanted = {(originals(m), m.context): forms(m) for m in sentences(read_mo(compiled_now))}
    assert {(originals(m), m.context): forms(m) for m in sentences(compiled)} == wanted, (
        f"stale; run {UPDATE}"
    )


def test_placeholders_survive_translation() -> None:
    for message in sentences(catalog()):
        wanted = set(chain.from_iterable(PLACEHOLDER.findall(text) for text in originals(message)))
        for translated in forms(message):
            assert set(PLACEHOLDER.findall(translated)) == wanted, message.id
            # The page's script cuts the milestones at the bars.
            assert translated.count("|") == originals(message)[0].count("|"), message.id


def test_punctuation_is_chinese_and_nobody_is_addressed_formally() -> None:
    for message in sentences(catalog()):
        for translated in forms(message):
            assert not re.search(rf"{HAN}[,;:?!.()\"']|[,;:?!(\"']{HAN}", translated), translated
            assert not re.search("[您“”]|帐号|账户", translated), translated


# --- the pages --------------------------------------------------------------------------------------------------------------------


class Text(HTMLParser):
    """What somebody reads or hears on a page: its text, and the attributes that are spoken or shown."""

    SILENT = frozenset({"script", "style", "code", "kbd"})
    SPOKEN = frozenset({"title", "placeholder", "aria-label"})

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in self.SILENT
        self.said += [
            value for name, value in attrs if value and (name in self.SPOKEN or name.startswith("data-say-"))
        ]

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        if data.strip() and not self.silent:
            self.said.append(data.strip())


# Names: of this site, a language in itself, a licence, formats, units, keys; `en` and `joke` are what the builders put into memes.
NAMES = frozenset({"Punchline", "English", "CC", "BY", "en", "joke", "ms", "MB", "Enter", "Esc"})
NAMES |= {"API", "OpenAPI", "Parquet", "CSV", "JSON", "JPEG", "PNG", "WebP", "GIF"}


def leftovers(page: str) -> list[str]:
    """Every Latin word of a page that is no name, no file, no address and no guest."""
    text = Text()
    text.feed(page)
    words = (
        re.findall(r"[A-Za-z][A-Za-z'’]+", re.sub(r"(?<!\S)\S+@\S+|docs/\S+\.md|\bguest-\w+", "", line))
        for line in text.said
    )
    return [word for word in chain.from_iterable(words) if word not in NAMES]


def browser(user: User | None = None) -> Client:
    """Somebody's browser, set to Chinese."""
    client = Client(headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"})
    if user is not None:
        client.force_login(user)
    return client


def newcomer(name: str = "新来的") -> User:
    return create_user(username=name, password="a long password")


def pages_of(client: Client, names: Iterable[str]) -> Iterator[tuple[str, str]]:
    for name in names:
        answer = client.get(reverse(name))
        assert answer.status_code == HTTPStatus.OK, name
        yield name, answer.content.decode()


@pytest.mark.parametrize(
    "page",
    [
        '<p>同意 <b title="Saved before">x</b></p>',
        "<p>今日 Save</p>",
        '<input placeholder="Your name">',
        '<i data-say-undone="Taken back"></i>',
    ],
)
def test_a_forgotten_word_is_noticed(page: str) -> None:
    assert leftovers(page)


def test_what_is_no_sentence_is_no_leftover() -> None:
    page = "<title>我的 · Punchline</title><code>manage.py run</code><img alt='A meme'><p>a@b.example 见 docs/dataset.md"
    assert leftovers(page) == []


OUTSIDE = [
    "home",
    "guidelines",
    "account_login",
    "account_signup",
    "account_reset_password",
    "account_inactive",
]
OUTSIDE += [
    "account_reset_password_done",
    "account_reset_password_from_key_done",
    "account_email_verification_sent",
]
INSIDE = [
    "judge",
    "me",
    "dataset",
    "overview",
    "guidelines",
    "welcome",
    "account_email",
    "account_change_password",
]
INSIDE += ["account_logout", "account_reauthenticate"]


@pytest.mark.django_db
def test_no_page_before_signing_in_is_left_in_english() -> None:
    for name, page in pages_of(browser(), OUTSIDE):
        assert '<html lang="zh-hans">' in page
        assert leftovers(page) == [], name
        assert "您" not in page, name


@pytest.mark.django_db
def test_no_page_of_somebody_signed_in_is_left_in_english() -> None:
    somebody = make_annotator("阿评", roles=frozenset(Role))
    User.objects.filter(pk=somebody.pk).update(warning_seen_at=None)
    DayTally.objects.create(
        annotator=somebody, day=timezone.localdate() - timedelta(days=1), judged=9, streak=3
    )
    make_group(4, slug="模板")
    client = browser(somebody)
    assert "这里什么都没有" in client.get("/nothing/").content.decode()
    front = re.search(
        r'action="([^"]+)".*\n.*name="token" value="([^"]+)"', client.get(reverse("judge")).content.decode()
    )
    assert front
    client.post(front[1], {"answer": f"flag:{Skip.Reason.UNCLEAR}", "token": front[2]})
    pages = dict(pages_of(client, INSIDE))
    for name, page in pages.items():
        assert leftovers(page) == [], name
        assert "您" not in page, name
    assert "前方梗图出没" in pages["judge"]
    assert "连续 3 天" in pages["judge"]
    assert "张梗图等你审核" in pages["overview"]


@pytest.mark.django_db
def test_nothing_left_to_judge_is_said_in_chinese() -> None:
    page = browser(make_annotator("阿评")).get(reverse("judge")).content.decode()
    assert leftovers(page) == []
    assert "全被你看完了。" in page


@pytest.mark.django_db
def test_consent_and_practice_are_in_chinese() -> None:
    group = make_group(2, slug="模板")
    better, worse = Meme.objects.filter(template=group.template)
    pair = PracticePair.objects.create(better=better, worse=worse, why="短。")
    client = browser(newcomer())
    asked = client.post(reverse("welcome"), {"adult": "on"})
    assert asked.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    client.post(reverse("welcome"), {"adult": "on", "licence": "on", "rude": "on"})
    practice = client.get(reverse("practice"))
    seen = [
        client.post(reverse("practise", args=[pair.pk]), {"answer": a, "better_on_left": "1"})
        for a in ("left", "right")
    ]
    for answer in (asked, practice, *seen):
        assert leftovers(answer.content.decode()) == []
    assert "练习 1 / 1" in practice.content.decode()


@pytest.mark.django_db
def test_refusals_are_in_chinese() -> None:
    annotator = browser(make_annotator("阿评"))
    weak = {"username": "新来的", "password1": "123"}
    answers = {
        HTTPStatus.NOT_FOUND: [browser().get("/nothing/"), annotator.get("/nothing/")],
        HTTPStatus.FORBIDDEN: [annotator.get(reverse("overview"))],
        HTTPStatus.UNAUTHORIZED: [browser().post(reverse("ahead"), headers={"hx-request": "true"})],
        HTTPStatus.OK: [
            browser().post(reverse("account_signup"), weak),
            browser().post(reverse("account_login"), {"login": "阿评", "password": "错"}),
            browser().get("/accounts/password/reset/key/1-x/"),
            annotator.post(
                reverse("account_change_password"), {"oldpassword": "错", "password1": "1", "password2": "2"}
            ),
        ],
        HTTPStatus.UNPROCESSABLE_ENTITY: [annotator.post(reverse("me"), {"daily_goal": "0"})],
    }
    for status, several in answers.items():
        for answer in several:
            page = answer.content.decode()
            assert answer.status_code == status, page
            assert leftovers(page) == [], answer.request["PATH_INFO"]
            assert "您" not in page, answer.request["PATH_INFO"]


@pytest.mark.django_db
def test_even_a_page_that_breaks_says_so_in_chinese(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(annotator: User) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(people, "own_statistics", broken)
    client = browser(make_annotator("阿评"))
    client.raise_request_exception = False
    answer = client.get(reverse("me"))
    assert answer.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
    assert "出故障了" in answer.content.decode()
    assert leftovers(answer.content.decode()) == []


@pytest.mark.django_db
def test_what_one_did_is_confirmed_in_chinese() -> None:
    client = browser(make_annotator("阿评"))
    saved = client.post(reverse("me"), {"daily_goal": "5"}, follow=True).content.decode()
    nothing = client.post(reverse("undo"), follow=True).content.decode()
    withdrawn = client.post(reverse("withdraw"), follow=True).content.decode()
    assert "已保存。" in saved
    assert "没什么可撤销的" in nothing
    assert "你的同意已撤回。" in withdrawn
    assert leftovers(saved + nothing + withdrawn) == []
    assert not Pair.objects.exists()


# --- choosing a language --------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_chosen_language_wins_over_the_browser_s_and_is_remembered() -> None:
    client = browser()
    answer = client.post(reverse("set_language"), {"language": "en", "next": reverse("guidelines")})
    assert answer["Location"] == reverse("guidelines")
    assert "How to judge" in client.get(reverse("guidelines")).content.decode()
    assert '<html lang="en">' in client.get(reverse("home")).content.decode()
    client.post(reverse("set_language"), {"language": "zh-hans", "next": reverse("home")})
    assert "哪个更好笑？" in client.get(reverse("home")).content.decode()


@pytest.mark.django_db
def test_a_language_that_we_do_not_speak_changes_nothing() -> None:
    client = browser()
    client.post(reverse("set_language"), {"language": "tlh", "next": reverse("home")})
    assert '<html lang="zh-hans">' in client.get(reverse("home")).content.decode()


@pytest.mark.django_db
def test_the_button_of_the_language_in_use_is_marked() -> None:
    page = browser().get(reverse("home")).content.decode()
    marked = re.findall(r'<button name="language" value="([\w-]+)"[^>]* aria-current="true">', page)
    assert marked == ["zh-hans"]


@pytest.mark.django_db
def test_somebody_who_reads_neither_language_gets_english() -> None:
    page = Client(headers={"accept-language": "fr"}).get(reverse("home")).content.decode()
    assert "Which one is funnier?" in page
