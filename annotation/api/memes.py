"""Meme templates and memes, for researchers; what was taken down is not there."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.response import Response

from annotation.access import by_token
from annotation.api.errors import ErrorCode
from annotation.api.fields import MAX_ROW, Digits, LanguageTag, OneOf, query_of
from annotation.api.paging import Page, page_of
from annotation.api.pictures import address_of
from annotation.api.views import ApiRequest, ApiView, refusals
from annotation.models import Meme, MemeTemplate, Scope
from corpus.memes import Align, Case


class BoxOutput(serializers.Serializer[Any]):
    """A text box: x, y, w, h as shares of the picture, angle in degrees, counter-clockwise."""

    x = serializers.FloatField()
    y = serializers.FloatField()
    w = serializers.FloatField()
    h = serializers.FloatField()
    angle = serializers.FloatField()
    case = serializers.ChoiceField(choices=[(case.value, case.value) for case in Case])
    align = serializers.ChoiceField(choices=[(align.value, align.value) for align in Align])
    font = serializers.CharField()
    colour = serializers.CharField()
    outline = serializers.CharField(allow_null=True)


class TemplateOutput(serializers.Serializer[Any]):
    """A meme template."""

    id = serializers.IntegerField()
    slug = serializers.CharField()
    name = serializers.CharField()
    language = serializers.CharField()
    status = serializers.ChoiceField(choices=[(value, value) for value in MemeTemplate.Status.values])
    picture = serializers.CharField(allow_null=True, help_text="Null for a text-only source.")
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    boxes = BoxOutput(many=True)
    source = serializers.CharField()  # type: ignore[assignment]  # a field of this name, which the metaclass takes away
    licence = serializers.CharField()
    source_id = serializers.CharField()
    created_at = serializers.DateTimeField()


class MemeOutput(serializers.Serializer[Any]):
    """A meme, with where it comes from: annotators never see this."""

    id = serializers.IntegerField()
    template = serializers.IntegerField(help_text="The number of its meme template.")
    language = serializers.CharField()
    texts = serializers.ListField(child=serializers.CharField())
    status = serializers.ChoiceField(choices=[(value, value) for value in Meme.Status.values])
    picture = serializers.CharField(allow_null=True, help_text="Null when there is none.")
    origin = serializers.ChoiceField(choices=[(value, value) for value in Meme.Origin.values])
    generator = serializers.CharField(help_text="Its version; empty unless the origin is `generator`.")
    request = serializers.JSONField(allow_null=True, help_text="What it was asked to be.")
    reasoning = serializers.CharField()
    source_id = serializers.CharField()
    created_at = serializers.DateTimeField()


def template_told(template: MemeTemplate) -> dict[str, Any]:
    """A meme template as the API tells it, every field of its boxes written out."""
    names = (
        "slug",
        "name",
        "language",
        "status",
        "width",
        "height",
        "source",
        "licence",
        "source_id",
        "created_at",
    )
    told = {name: getattr(template, name) for name in names}
    boxes = [box.to_json() for box in template.layout.boxes]
    return told | {"id": template.pk, "picture": address_of(template.picture), "boxes": boxes}


def meme_told(meme: Meme) -> dict[str, Any]:
    """A meme as the API tells it."""
    names = (
        "language",
        "texts",
        "status",
        "origin",
        "generator",
        "request",
        "reasoning",
        "source_id",
        "created_at",
    )
    told = {name: getattr(meme, name) for name in names}
    return told | {"id": meme.pk, "template": meme.template_id, "picture": address_of(meme.picture)}


def templates_there() -> QuerySet[MemeTemplate]:
    """All meme templates but those taken down."""
    return MemeTemplate.objects.filter(takedown=None)


def memes_there() -> QuerySet[Meme]:
    """All memes but those taken down, by themselves or with their meme template."""
    return Meme.objects.filter(takedown=None, template__takedown=None)


# --- views ------------------------------------------------------------------------------------------------------------------------


@by_token(Scope.MEMES)
class Templates(ApiView):
    """Meme templates."""

    class Asked(Page):
        """Which of them."""

        status = OneOf(choices=MemeTemplate.Status.values, required=False)
        language = LanguageTag(required=False)

    class Given(serializers.Serializer[Any]):
        """A page of meme templates."""

        results = TemplateOutput(many=True)
        next = serializers.URLField(allow_null=True, help_text="The next page; null on the last one.")

        class Meta:
            ref_name = "TemplatesOutput"

    @extend_schema(
        operation_id="list_templates",
        summary="Meme templates",
        parameters=[Asked],
        responses={200: Given, **refusals(ErrorCode.INVALID)},
    )
    def get(self, request: ApiRequest) -> Response:
        """In the order in which they came; a page stays what it is while others are added."""
        asked = query_of(self.Asked, request)
        page = {name: asked.pop(name) for name in ("limit", "cursor")}
        found, following = page_of(templates_there().filter(**asked), request=request, **page)
        return Response(self.Given({"results": map(template_told, found), "next": following}).data)


@by_token(Scope.MEMES)
class Template(ApiView):
    """One meme template."""

    @extend_schema(
        operation_id="read_template",
        summary="One meme template",
        responses={200: TemplateOutput, **refusals(ErrorCode.NOT_FOUND)},
    )
    def get(self, request: ApiRequest, template_id: int) -> Response:
        """The meme template of this number."""
        template = templates_there().filter(pk=template_id).first()
        if template is None:
            raise NotFound
        return Response(TemplateOutput(template_told(template)).data)


@by_token(Scope.MEMES)
class Memes(ApiView):
    """Memes."""

    class Asked(Page):
        """Which of them."""

        template = Digits(required=False, min_value=1, max_value=MAX_ROW)
        status = OneOf(choices=Meme.Status.values, required=False)
        origin = OneOf(choices=Meme.Origin.values, required=False)
        language = LanguageTag(required=False)

    class Given(serializers.Serializer[Any]):
        """A page of memes."""

        results = MemeOutput(many=True)
        next = serializers.URLField(allow_null=True, help_text="The next page; null on the last one.")

        class Meta:
            ref_name = "MemesOutput"

    @extend_schema(
        operation_id="list_memes",
        summary="Memes",
        parameters=[Asked],
        responses={200: Given, **refusals(ErrorCode.INVALID)},
    )
    def get(self, request: ApiRequest) -> Response:
        """In the order in which they came; a page stays what it is while others are added."""
        asked = query_of(self.Asked, request)
        page = {name: asked.pop(name) for name in ("limit", "cursor")}
        found, following = page_of(memes_there().filter(**asked), request=request, **page)
        return Response(self.Given({"results": map(meme_told, found), "next": following}).data)


@by_token(Scope.MEMES)
class OneMeme(ApiView):
    """One meme."""

    @extend_schema(
        operation_id="read_meme",
        summary="One meme",
        responses={200: MemeOutput, **refusals(ErrorCode.NOT_FOUND)},
    )
    def get(self, request: ApiRequest, meme_id: int) -> Response:
        """The meme of this number."""
        meme = memes_there().filter(pk=meme_id).first()
        if meme is None:
            raise NotFound
        return Response(MemeOutput(meme_told(meme)).data)
