"""Meme templates by hand, and captions proposed for them."""

from django.urls import path

from annotation.views import meme_templates, proposals

urlpatterns = [
    path("meme-templates/", meme_templates.meme_templates, name="meme_templates"),
    path("meme-templates/new/", meme_templates.new_meme_template, name="new_meme_template"),
    path("meme-templates/<row:pk>/", meme_templates.meme_template, name="meme_template"),
    path("meme-templates/<row:pk>/preview/", meme_templates.preview, name="meme_template_preview"),
    path("meme-templates/<row:pk>/showing/", meme_templates.showing, name="meme_template_showing"),
    path("propose/", proposals.propose, name="propose"),
    path("propose/<row:pk>/", proposals.propose_for, name="propose_for"),
    path("propose/<row:pk>/preview/", proposals.preview, name="propose_preview"),
]
