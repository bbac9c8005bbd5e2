"""Meme templates by hand, and captions proposed for them."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
