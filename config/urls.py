"""All addresses."""

from django.urls import include, path
from django.views.i18n import set_language

handler403 = "annotation.views.refused"
handler404 = "annotation.views.missing"
handler500 = "annotation.views.broken"

urlpatterns = [
    path("", include("annotation.urls")),
    path("accounts/", include("allauth.account.urls")),
    path("language/", set_language, name="set_language"),
]
