"""Every page of accounts, people, moderation, meme templates, proposals and letters, walked by somebody who reads Chinese."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from pytest_django import Settings

from annotation.models import ApiToken, BlockedPhrase, Invitation, Meme, MemeTemplate, Role, Scope, User
from annotation.services import judging, moderation
from annotation.services.invitations import create_invitation, join_as_guest
from annotation.services.meme_templates import upload_template
from annotation.services.memes import Caption, add_memes
from annotation.services.people import pause_person
from annotation.services.proposals import propose_caption
from annotation.services.takedowns import take_down
from annotation.services.tokens import create_token
from tests.annotation.builders import make_annotator
from tests.annotation.test_meme_templates import percent, png_header, said
from tests.annotation.test_translation import NAMES, browser, leftovers, newcomer

pytestmark = pytest.mark.django_db
PASSWORD = "a long password"


def chinese(answer: Any, status: int = HTTPStatus.OK, *, names: frozenset[str] = frozenset()) -> str:
    """The page that was answered, once it is known to have no English in it but names."""
    page: str = answer.content.decode()
    assert answer.status_code == status, page
    assert [word for word in leftovers(page) if word not in names] == [], answer.request["PATH_INFO"]
    assert "您" not in page
    return page


refused = partial(chinese, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def make_admin(name: str = "管理员甲") -> User:
    return make_annotator(name, roles=frozenset(Role))


def picture(colour: str = "teal", size: tuple[int, int] = (120, 90), kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, kind)
    return buffer.getvalue()


def drawn(by: User, name: str = "两句话", colour: str = "teal") -> MemeTemplate:
    """A meme template with a picture, a meme, and one that waits."""
    template = upload_template(by=by, name=name, picture=picture(colour), source="自己画的").template
    MemeTemplate.objects.filter(pk=template.pk).update(proposals_open=True)
    add_memes(template=template, captions=[Caption(texts=["233", f"{number}"]) for number in range(3)])
    propose_caption(by=by, template_id=template.pk, texts=["666", ""], language="en")
    return MemeTemplate.objects.get(pk=template.pk)


def invite(*, guests: bool = False, role: Role = Role.ANNOTATOR) -> tuple[Invitation, str]:
    until = timezone.now() + timedelta(days=7)
    invitation, secret = create_invitation(
        created_by=None, role=role, quota=2, expires_at=until, guests=guests, note="三班"
    )
    return invitation, reverse("invited", args=[secret])


def guest_of(invitation: Invitation) -> Client:
    return browser(join_as_guest(invitation=invitation))


# --- accounts ---------------------------------------------------------------------------------------------------------------------


def test_keeping_and_closing_an_account() -> None:
    invitation, _link = invite(guests=True)
    guest = guest_of(invitation)
    keep = reverse("keep_account")
    assert "只有这个浏览器认得你" in chinese(guest.get(reverse("me")))
    assert "找不回你评过的" in chinese(guest.get(reverse("account_logout")))
    chinese(guest.get(keep))
    refused(guest.post(keep, {"username": "", "password1": "123", "email": "x"}))
    refused(guest.post(keep, {"username": "坏 名字/", "password1": "password", "email": ""}))
    kept = guest.post(keep, {"username": "三班的", "password1": PASSWORD, "email": ""}, follow=True)
    assert "账号归你了" in chinese(kept)
    chinese(guest.get(reverse("close_account")))
    assert "这不是你的用户名" in refused(guest.post(reverse("close_account"), {"username": "别人"}))
    refused(guest.post(reverse("close_account"), {"username": ""}))
    gone = guest.post(reverse("close_account"), {"username": "三班的"}, follow=True)
    assert "你的账号已注销" in chinese(gone)
    last = browser(make_admin("最后一个"))
    page = refused(last.post(reverse("close_account"), {"username": "最后一个"}))
    assert "你是最后一个管理员" in page


def test_tokens() -> None:
    admin = make_admin()
    client, address = browser(admin), reverse("tokens")
    chinese(client.get(address))
    refused(client.post(address, {"name": ""}))
    refused(
        client.post(address, {"name": "家", "scopes": ["nothing"], "days": "9"}), names=frozenset({"nothing"})
    )
    new = {"name": "家里的", "scopes": [Scope.JUDGE, Scope.MEMES, Scope.STATISTICS], "days": "30"}
    assert "这就是令牌" in chinese(client.post(address, new))
    assert "叫这个名字的令牌" in refused(client.post(address, new))
    ApiToken.objects.update(last_used_at=timezone.now())
    revoked = client.post(reverse("revoke_token", args=[ApiToken.objects.get().pk]), follow=True)
    assert "令牌已作废" in chinese(revoked)
    for number in range(ApiToken.MAX_LIVING):
        create_token(user=admin, name=f"第{number}个", scopes=frozenset({Scope.JUDGE}), days=1)
    ApiToken.objects.filter(name="第0个").update(expires_at=timezone.now() - timedelta(days=1))
    create_token(user=admin, name="补上的", scopes=frozenset({Scope.JUDGE}), days=1)
    assert "到上限了" in refused(client.post(address, new))


def test_whoever_is_paused_reads_why() -> None:
    somebody = make_annotator("阿评")
    pause_person(person=somebody, reason="乱按")
    client = browser(somebody)
    assert "乱按" in chinese(client.get(reverse("judge")))
    assert "乱按" in chinese(client.get(reverse("me")))


def test_too_much_in_a_minute(settings: Settings) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"join": "1/m/ip", "login": "1/m/ip", "login_failed": "1/5m/key"}
    _invitation, link = invite()
    stranger = browser()
    stranger.post(link, {"how": "account"})
    assert "60 秒后再继续" in chinese(stranger.post(link, {"how": "account"}), HTTPStatus.TOO_MANY_REQUESTS)
    stranger.post(reverse("account_login"), {"login": "阿评", "password": "错"})
    chinese(
        stranger.post(reverse("account_login"), {"login": "阿评", "password": "错"}),
        HTTPStatus.TOO_MANY_REQUESTS,
    )
    settings.ACCOUNT_RATE_LIMITS = {"login": "9/m/ip", "login_failed": "1/5m/key"}
    for _ in range(2):
        chinese(stranger.post(reverse("account_login"), {"login": "某人", "password": "错"}))


# --- letters ----------------------------------------------------------------------------------------------------------------------

LINK = re.compile(r"https?://\S+|\S+@\S+|\[Punchline\]|testserver|example\.com|localhost")


def test_letters() -> None:
    known = newcomer("阿评")
    EmailAddress.objects.create(user=known, email="a@b.example", verified=True, primary=True)
    User.objects.filter(pk=known.pk).update(email="a@b.example")
    browser().post(
        reverse("account_signup"), {"username": "新来的甲", "email": "c@d.example", "password1": PASSWORD}
    )
    browser().post(
        reverse("account_signup"), {"username": "新来的乙", "email": "a@b.example", "password1": PASSWORD}
    )
    for email in ("a@b.example", "nobody@b.example"):
        browser().post(reverse("account_reset_password"), {"email": email})
    browser(known).post(reverse("account_email"), {"action_add": "", "email": "e@f.example"})
    # A letter each; for the address that has an account, one that says so and one with a link.
    assert [letter.to for letter in mail.outbox] == [
        [address]
        for address in ("c@d.example", "a@b.example", "a@b.example", "nobody@b.example", "e@f.example")
    ]
    for letter in mail.outbox:
        words = re.findall(r"[A-Za-z][A-Za-z'’]+", LINK.sub("", f"{letter.subject}\n{letter.body}"))
        assert [word for word in words if word not in NAMES] == [], letter.body
        assert "您" not in f"{letter.subject}{letter.body}", letter.body
        assert "Punchline 向你问好！" in letter.body
    link = re.search(r"http://testserver(/accounts/confirm-email/\S+)", str(mail.outbox[0].body))
    assert link
    chinese(browser().get(link[1]))
    chinese(browser().get("/accounts/confirm-email/x/"))
    chinese(browser().post(link[1], follow=True))


# --- invitations --------------------------------------------------------------------------------------------------------------------


def test_links_that_admins_make() -> None:
    client, address = browser(make_admin()), reverse("invitations")
    chinese(client.get(address))
    refused(client.post(address, {"role": ""}))
    refused(
        client.post(
            address, {"role": "admin", "quota": "0", "days": "999", "guests": "on", "note": "字" * 121}
        )
    )
    new = {"role": "annotator", "quota": "3", "days": "7", "guests": "on", "note": "三班"}
    assert "只显示这一次" in chinese(client.post(address, new))
    for changes in ({"accepted": 3}, {"expires_at": timezone.now()}):
        client.post(address, new)
        Invitation.objects.filter(pk=Invitation.objects.latest("pk").pk).update(**changes)
    client.post(address, new)
    page = client.post(reverse("revoke_invitation", args=[Invitation.objects.latest("pk").pk]), follow=True)
    assert "那个链接谁也用不了了" in chinese(page)
    for state in ("名额已满", "已过期", "已作废", "有效"):
        assert state in page.content.decode()


def test_what_stands_behind_a_link(settings: Settings) -> None:
    invitation, link = invite(guests=True)
    assert "以访客身份评判" in chinese(browser().get(link))
    refused(browser().post(link))
    guest = guest_of(invitation)
    assert "你已经在里面了" in chinese(guest.get(link))
    somebody = browser(newcomer())
    chinese(somebody.get(link))
    assert "邀请已接受" in chinese(somebody.post(link, follow=True))
    assert "名额用完了" in chinese(browser().get(link), HTTPStatus.GONE)
    for changes in ({"expires_at": timezone.now()}, {"revoked_at": timezone.now()}):
        Invitation.objects.update(accepted=0, **changes)
        chinese(browser().get(link), HTTPStatus.GONE)
    _invitation, link = invite(role=Role.RESEARCHER)
    assert "你的角色是：研究员" in chinese(browser().get(link))
    assert "先把这次访问变成账号" in chinese(guest.post(link, follow=True))
    settings.OPEN_SIGNUP = False
    assert "凭邀请加入" in chinese(browser().get(reverse("account_signup")))
    chinese(browser().get(reverse("home")))


# --- people -----------------------------------------------------------------------------------------------------------------------


def test_people_and_what_an_admin_can_do() -> None:
    admin = make_admin()
    somebody = make_annotator("阿评")
    invitation, link = invite(guests=True)
    guest_of(invitation)
    client = browser(admin)
    browser(somebody).post(link)
    User.objects.filter(username__startswith="guest-").update(kind=User.Kind.SIMULATED)
    page = chinese(client.get(reverse("people")))
    assert "评判员, 研究员" in page
    assert "访客" in page
    assert "没有人。" in chinese(client.get(reverse("people"), {"q": "没这个人", "which": "closed"}))
    for who in User.objects.all():
        chinese(client.get(reverse("person", args=[who.pk])))
    refused(client.post(reverse("pause", args=[somebody.pk]), {}))
    refused(client.post(reverse("pause", args=[somebody.pk]), {"reason": "字" * 201}))
    page = chinese(client.post(reverse("pause", args=[somebody.pk]), {"reason": "乱按"}, follow=True))
    assert "起暂停：乱按" in page
    chinese(client.get(reverse("people"), {"which": "paused"}))
    assert "又可以评判了" in chinese(client.post(reverse("resume", args=[somebody.pk]), follow=True))
    roles = partial(client.post, reverse("set_roles", args=[admin.pk]))
    assert "这是最后一个管理员" in chinese(roles({"roles": ["annotator"]}), HTTPStatus.CONFLICT)
    refused(roles({"roles": ["king"]}))
    browser(somebody).post(reverse("close_account"), {"username": "阿评"})
    gone = User.objects.get(pk=somebody.pk)
    assert gone.username in chinese(
        client.get(reverse("person", args=[gone.pk])), names=frozenset(re.findall("[A-Za-z]+", gone.username))
    )


# --- moderation -------------------------------------------------------------------------------------------------------------------


def complain(annotator: User) -> Meme:
    """A complaint about a pair; one of its memes."""
    assignment = judging.lease_pair(annotator=annotator)
    assert assignment is not None
    client = browser(annotator)
    front = re.search(
        r'action="([^"]+)".*\n.*name="token" value="([^"]+)"', client.get(reverse("judge")).content.decode()
    )
    assert front
    client.post(front[1], {"answer": "flag:offensive", "token": front[2]})
    return assignment.pair.first


def test_the_queue_and_its_log() -> None:
    admin = make_admin()
    client = browser(admin)
    for show in ("waiting", "complaints", "retired", "decided"):
        chinese(client.get(reverse("moderation"), {"show": show}))
    chinese(client.get(reverse("moderation"), {"meme": "999"}))
    template = drawn(admin)
    bad = complain(make_annotator("阿评"))
    waiting = Meme.objects.get(status=Meme.Status.PENDING)
    page = chinese(client.get(reverse("overview")))
    assert "1 张梗图等你审核" in page
    assert "2 张梗图被举报" in page
    assert "由 管理员甲 投稿" in chinese(client.get(reverse("moderation"), {"show": "waiting"}))
    assert "冒犯人 × 1" in chinese(client.get(reverse("moderation"), {"show": "complaints"}))
    decide = partial(client.post, headers={"hx-request": "true"})
    seen = {"reason": "广告", "seen": "0"}
    assert "已下架" in chinese(decide(reverse("moderate", args=[bad.pk]), {"action": "retire", **seen}))
    late = decide(reverse("moderate", args=[bad.pk]), {"action": "approve", **seen})
    assert "刚才有人处理过" in chinese(late, HTTPStatus.CONFLICT)
    assert "恢复上架" in chinese(client.get(reverse("moderation"), {"show": "retired"}))
    assert "已通过" in chinese(
        decide(reverse("moderate", args=[waiting.pk]), {"action": "approve", "seen": "0"})
    )
    assert "收回来了" in chinese(client.post(reverse("undo_decision"), follow=True))
    client.post(reverse("undo_decision"))
    assert "没什么可撤销的" in chinese(client.post(reverse("undo_decision"), follow=True))
    moderation.retire(meme_id=bad.pk, by=admin)
    moderation.restore(meme_id=bad.pk, by=None)
    page = chinese(client.get(reverse("moderation"), {"show": "decided"}))
    assert "已恢复" in page
    assert template.name in page


def test_taking_down() -> None:
    admin = make_admin()
    template, client = drawn(admin), browser(admin)
    meme = Meme.objects.earliest("pk")
    moderation.retire(meme_id=meme.pk, by=admin)
    for address in (
        reverse("take_down_meme", args=[meme.pk]),
        reverse("take_down_template", args=[template.pk]),
    ):
        chinese(client.get(address))
        refused(client.post(address, {}))
        done = client.post(address, {"reason": "本人要求", "sure": "on"}, follow=True)
        assert "已永久移除" in chinese(done)
        assert "本人要求" in chinese(client.get(address))
        assert "永久移除" in chinese(client.post(reverse("undo_decision"), follow=True))
    assert "本人要求" in chinese(client.get(reverse("meme_template", args=[template.pk])))
    gone = client.post(reverse("moderate", args=[meme.pk]), {"action": "restore", "seen": "0"}, follow=True)
    assert "这张梗图已被永久移除" in chinese(gone) or "刚才有人处理过" in gone.content.decode()
    chinese(client.get(reverse("moderation"), {"meme": meme.pk}))
    chinese(client.get(reverse("meme_templates"), {"state": "taken_down"}))
    chinese(client.get(reverse("propose")))


# What the page shows as examples of what matches.
EXAMPLES = frozenset({"ass", "class", "fuck", "fucking", "fuuuck", "sh"})


def test_the_blocklist() -> None:
    admin = make_admin()
    client, address = browser(admin), reverse("blocklist")
    drawn(admin)
    page = partial(chinese, names=EXAMPLES)
    wrong = partial(refused, names=EXAMPLES)
    assert "还没有：什么都能通过" in page(client.get(address))
    for lines in ("", "！", "a*", "字" * 999, "词\n" * 5001, "词" * 200_001):
        wrong(client.post(address, {"phrases": lines}))
    assert "第 1 行没法用来查找（！）：里面没有文字" in wrong(client.post(address, {"phrases": "！"}))
    assert "* 前面至少要有 2 个字符" in wrong(client.post(address, {"phrases": "a*"}))
    assert "添加了 2 条" in page(client.post(address, {"phrases": "坏词\n666"}, follow=True))
    assert "里面有「坏词」" in page(client.get(address, {"caption": "有个坏词", "look": "1"}))
    assert "可以通过" in page(client.get(address, {"caption": "好话"}))
    page(client.get(address, {"caption": ""}))
    off = client.post(reverse("unblock", args=[BlockedPhrase.objects.earliest("pk").pk]), follow=True)
    assert "去掉" in page(off)


# --- meme templates and proposals -----------------------------------------------------------------------------------------------------


def upload(client: Client, data: bytes, name: str = "两句话") -> Any:
    file = io.BytesIO(data)
    file.name = "图.png"
    return client.post(
        reverse("new_meme_template"), {"picture": file, "name": name, "language": "en"}, follow=True
    )


def test_uploading_a_picture() -> None:
    client = browser(make_admin())
    chinese(client.get(reverse("meme_templates")))
    chinese(client.get(reverse("new_meme_template")))
    refused(
        client.post(reverse("new_meme_template"), {"name": "字" * 500, "language": "tlh"}),
        names=frozenset({"tlh"}),
    )
    for data, words in (
        (b"", "是空的"),
        (b"MZ\x90\x00", "不是完整的"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "不是完整的"),
        (png_header(30_000, 30_000), "像素太多"),
    ):
        assert words in refused(upload(client, data))
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    moving = io.BytesIO()
    frames[0].save(moving, "GIF", save_all=True, append_images=frames[1:])
    assert "只保留了第一帧" in chinese(upload(client, moving.getvalue()))
    assert "已经是梗图模板了" in refused(upload(client, moving.getvalue()))
    take_down(template=MemeTemplate.objects.get(), reason="本人要求", by=None)
    assert "不能再传上来" in refused(upload(client, moving.getvalue()))


def boxes_of(*boxes: dict[str, Any]) -> dict[str, Any]:
    """What the editor's form sends."""
    return said(*boxes) | {"name": "两句话"}


def test_laying_out_boxes() -> None:
    admin = make_admin()
    client = browser(admin)
    upload(client, picture())
    template = MemeTemplate.objects.get()
    address = reverse("meme_template", args=[template.pk])
    assert "笑点" in client.get(address).content.decode()

    def save(fields: dict[str, Any]) -> Any:
        return client.post(address, fields, follow=True)

    assert "至少要有一个文本框" in refused(save({"name": "两句话"}))
    assert "超出图片" in refused(save(boxes_of(percent(x=70, w=50))))
    missing = boxes_of(
        percent(x="", y="x", w=200, h=0.1, angle=999, case="BIG", font="?", colour="red", order=0)
    )
    refused(save(missing), names=frozenset({"BIG"}))
    refused(save(boxes_of(percent()) | {"name": ""}))
    assert "已保存" in chinese(save(boxes_of(percent())))
    add_memes(template=template, captions=[Caption(texts=[f"{number}"]) for number in range(3)])
    chinese(client.get(address))
    assert "重画了 3 张" in chinese(save(boxes_of(percent(y=60))))
    assert "不能增减" in refused(save(boxes_of(percent(), percent(y=60))))
    complain(make_annotator("阿评"))
    assert "文本框已锁定" in chinese(client.get(address))
    showing = partial(client.post, reverse("meme_template_showing", args=[template.pk]), follow=True)
    assert "不再展示" in chinese(showing({"show": "no"}))
    assert "重新上架了" in chinese(showing({"show": "yes"}))
    chinese(client.get(reverse("meme_templates"), {"q": "两", "state": "active", "proposals": "on"}))


def test_proposing_captions() -> None:
    admin, ann = make_admin(), make_annotator("阿评")
    client = browser(ann)
    assert "现在没有接受投稿" in chinese(client.get(reverse("propose")))
    template = drawn(admin)
    address = reverse("propose_for", args=[template.pk])
    send = partial(client.post, address, follow=True)
    words = {"text-1": "996", "text-2": "007", "language": "zh-hans"}
    chinese(client.get(address))
    assert "至少填一个" in refused(send({"language": "zh-hans"}))
    refused(send({"text-1": "字" * 9999, "language": "tlh"}), names=frozenset({"tlh"}))
    assert "显示不全" in refused(send({**words, "text-1": "9" * 280}))
    assert "谢谢！" in chinese(send(words))
    assert "有人抢先了" in refused(send(words))
    moderation.block_phrases(phrases=["坏词"], by=None)
    assert "不许用的词" in refused(send({**words, "text-1": "坏词"}))
    Meme.objects.filter(proposed_by=ann).update(status=Meme.Status.RETIRED)
    assert "未展示" in chinese(client.get(reverse("propose")))
    for number in range(Meme.MAX_PROPOSALS_A_DAY - 1):
        propose_caption(by=ann, template_id=template.pk, texts=[f"{number}", ""], language="zh-hans")
    assert "今天够多啦" in refused(send({**words, "text-1": "88"}))
    pause_person(person=ann, reason="乱按")
    assert "你现在不能投稿" in chinese(client.get(reverse("propose")))
    invitation, _link = invite(guests=True)
    guest = guest_of(invitation)
    guest.post(reverse("welcome"), {"adult": "on", "licence": "on", "rude": "on"})
    assert "需要有自己的账号" in chinese(guest.get(reverse("propose")))
