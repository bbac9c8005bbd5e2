"""All addresses."""

from django.urls import include, path
from django.views.i18n import set_language

handler400 = "annotation.api.handlers.bad"
handler403 = "annotation.api.handlers.refused"
handler404 = "annotation.views.pages.missing"
handler500 = "annotation.api.handlers.broken"

urlpatterns = [
    path("", include("annotation.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("language/", set_language, name="set_language"),
]
