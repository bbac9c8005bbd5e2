"""Links that let people in."""

from django.urls import path

from annotation.views import invitations

urlpatterns = [
    path("people/invitations/", invitations.invitations, name="invitations"),
    path(
        "people/invitations/<row:invitation_id>/revoke/",
        invitations.revoke_invitation,
        name="revoke_invitation",
    ),
    path("join/<str:secret>/", invitations.invited, name="invited"),
]
