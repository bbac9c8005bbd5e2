"""Every page of the site with something on it, and who may open it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from uuid import uuid4

from django.utils import timezone

from annotation.models import Invitation, Meme, MemeTemplate, Role, Scope, Skip, User
from annotation.services import judging, moderation
from annotation.services.invitations import create_invitation, join_as_guest, revoke_invitation
from annotation.services.memes import Caption, add_memes
from annotation.services.people import give_consent, pause_person
from annotation.services.tokens import create_token
from corpus.comparisons import Outcome
from tests.annotation.builders import make_annotator
from tests.browser.memes import draw_memes, draw_template, make_practice

LONG: Final = "a_reason_without_any_space_" * 4


def furnish() -> dict[User | None, list[str]]:
    """Fill every page with what it may hold; the addresses by who opens them: an admin of all roles, a guest, a stranger."""
    admin = make_annotator("an-administrator-with-a-very-long-name", roles=frozenset(Role))
    User.objects.update(email="a-very-long-address-of-somebody@university-of-somewhere.example.org")
    make_practice(1)
    template, memes = _memes(admin)
    _judged()
    for text in ("rude", "a long phrase that nobody is to say", "🖕", "脏话"):
        moderation.block_phrases(phrases=[text], by=admin)
    links = [_link(admin, note=note, guests=True) for note in ("for the course in May", LONG)]
    revoke_invitation(invitation=links[1][0])
    guest = join_as_guest(invitation=links[0][0])
    give_consent(annotator=guest)
    pause_person(person=guest, reason=LONG)
    create_token(user=admin, name="the notebook of the admin", scopes=frozenset(Scope), days=30)
    join = f"/join/{links[0][1]}/"
    return {
        admin: [
            *JUDGING,
            *ABOUT_ONESELF,
            *ADMINISTRATION,
            f"/people/{guest.pk}/",
            f"/moderation/?meme={memes[0].pk}",
            f"/moderation/{memes[0].pk}/takedown/",
            f"/meme-templates/{template.pk}/",
            f"/meme-templates/{template.pk}/takedown/",
            f"/propose/{template.pk}/",
            join,
        ],
        guest: ["/me/", "/me/keep/", "/judge/", "/propose/", "/accounts/logout/"],
        None: [*OPEN, join, f"/join/{links[1][1]}/"],
    }


JUDGING: Final = ["/judge/", "/welcome/", "/practice/", "/guidelines/", "/propose/", "/nowhere/"]
ABOUT_ONESELF: Final = [
    "/me/",
    "/me/tokens/",
    "/me/close/",
    "/accounts/email/",
    "/accounts/logout/",
]
ADMINISTRATION: Final = [
    "/overview/",
    "/dataset/",
    "/people/",
    "/people/?which=paused",
    "/people/invitations/",
    "/moderation/?show=waiting",
    "/moderation/?show=complaints",
    "/moderation/?show=retired",
    "/moderation/?show=decided",
    "/moderation/blocklist/?look=yes",
    "/meme-templates/",
    "/meme-templates/new/",
]
OPEN: Final = [
    "/",
    "/guidelines/",
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/password/reset/",
]


def _memes(admin: User) -> tuple[MemeTemplate, list[Meme]]:
    """A meme template open for proposals with memes in every state, and one whose memes are judged."""
    draw_memes(4)
    template = draw_template("A rather long name of a meme template", colour="#ffc53d")
    MemeTemplate.objects.filter(pk=template.pk).update(proposals_open=True)
    captions = [
        Caption(texts=[f"top {number}", "bottom"], status=Meme.Status.PENDING, proposed_by=admin)
        for number in range(4)
    ]
    memes = add_memes(template=template, captions=captions).added
    moderation.retire(meme_id=memes[1].pk, by=admin, reason=LONG)
    moderation.approve_meme(meme_id=memes[2].pk, by=admin)
    moderation.undo_decision(by=admin)
    moderation.approve_meme(meme_id=memes[3].pk, by=admin)
    return template, memes


def _judged() -> None:
    """Somebody judged a pair and complained about another."""
    ann = make_annotator("ann")
    first, second = judging.next_assignments(annotator=ann, count=2)
    judging.record_judgment(annotator=ann, assignment_id=first.pk, token=uuid4(), outcome=Outcome.LEFT)
    judging.record_skip(annotator=ann, assignment_id=second.pk, token=uuid4(), reason=Skip.Reason.OFFENSIVE)


def _link(admin: User, *, note: str, guests: bool) -> tuple[Invitation, str]:
    return create_invitation(
        created_by=admin,
        role=Role.ANNOTATOR,
        quota=30,
        expires_at=timezone.now() + timedelta(days=7),
        note=note,
        guests=guests,
    )
