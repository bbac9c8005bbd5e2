"""What whoever runs it asks: health, metrics."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
