"""Small real rows to test with: people who may judge, templates with memes that were never drawn."""

from __future__ import annotations

from uuid import uuid4

from django.utils import timezone

from annotation.models import Group, Meme, MemeTemplate, Role, User
from annotation.services.memes import show_meme
from annotation.services.people import create_user, give_consent
from corpus.texts import texts_key

BOXES = [{"x": 0.0, "y": 0.0, "w": 1.0, "h": 0.3}]


def make_annotator(name: str = "ann", *, roles: frozenset[Role] = frozenset({Role.ANNOTATOR})) -> User:
    """Somebody who has agreed, practised and seen the warning."""
    annotator = create_user(username=name, password="a long password", roles=roles)
    give_consent(annotator=annotator)
    User.objects.filter(pk=annotator.pk).update(practised_at=timezone.now(), warning_seen_at=timezone.now())
    return User.objects.get(pk=annotator.pk)


def make_template(slug: str = "", *, language: str = "en") -> MemeTemplate:
    """A meme template without a picture."""
    slug = slug or f"template-{uuid4().hex[:8]}"
    return MemeTemplate.objects.create(
        slug=slug, name=slug, language=language, width=100, height=100, boxes=BOXES
    )


def make_meme(template: MemeTemplate, text: str, *, language: str = "en", request_key: str = "") -> Meme:
    """An active meme of the template, in its group."""
    meme = Meme.objects.create(
        template=template,
        language=language,
        texts=[text],
        texts_key=texts_key([text]),
        picture=f"memes/00/{uuid4().hex * 2}.jpg",
        renderer_version="1",
        request_key=request_key,
    )
    show_meme(meme=meme)
    return meme


def make_group(size: int = 4, *, slug: str = "", language: str = "en") -> Group:
    """A meme template with memes, and their group."""
    template = make_template(slug, language=language)
    for number in range(size):
        make_meme(template, f"joke {number}", language=language)
    return Group.objects.get(template=template, language=language, request_key="")
