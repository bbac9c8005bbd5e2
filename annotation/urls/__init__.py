"""Addresses of the pages, by domain; each view says who may use it."""

from django.urls import include, path, register_converter

from annotation.urls.rows import RowNumber

register_converter(RowNumber, "row")

urlpatterns = [
    path("", include("annotation.urls.judging")),
    path("", include("annotation.urls.people")),
    path("", include("annotation.urls.pages")),
    path("", include("annotation.urls.meme_templates")),
    path("", include("annotation.urls.moderation")),
    path("", include("annotation.urls.invitations")),
    path("", include("annotation.urls.tokens")),
    path("", include("annotation.urls.operations")),
    path("api/", include("annotation.api.urls")),
]
