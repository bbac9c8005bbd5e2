"""Before the first judgment, and about oneself."""

from django.urls import path

from annotation.views import people

urlpatterns = [
    path("welcome/", people.welcome, name="welcome"),
    path("practice/", people.practice, name="practice"),
    path("practice/skip/", people.skip_practice, name="skip_practice"),
    path("practice/<row:practice_pair_id>/", people.practise, name="practise"),
    path("me/", people.me, name="me"),
    path("me/withdraw/", people.withdraw, name="withdraw"),
]
