"""API tokens."""

from django.urls import path

from annotation.views import tokens

urlpatterns = [
    path("me/tokens/", tokens.tokens, name="tokens"),
    path("me/tokens/<row:token_id>/revoke/", tokens.revoke, name="revoke_token"),
]
