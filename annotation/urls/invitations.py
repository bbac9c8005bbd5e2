"""Invitations, and the people an admin looks after."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
