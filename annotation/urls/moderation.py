"""Moderation: the queue, takedowns, the blocklist."""

from django.urls import path

from annotation.views import moderation

urlpatterns = [
    path("moderation/", moderation.moderation_page, name="moderation"),
    path("moderation/undo/", moderation.undo_decision, name="undo_decision"),
    path("moderation/blocklist/", moderation.blocklist, name="blocklist"),
    path("moderation/blocklist/<row:pk>/", moderation.unblock, name="unblock"),
    path("moderation/<row:meme_id>/", moderation.moderate, name="moderate"),
    path("moderation/<row:meme_id>/takedown/", moderation.take_down_meme, name="take_down_meme"),
    path("meme-templates/<row:pk>/takedown/", moderation.take_down_template, name="take_down_template"),
]
