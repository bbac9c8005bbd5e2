"""Moderation: the queue, takedowns, the blocklist."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
