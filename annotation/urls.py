"""Addresses of the pages."""

from django.urls import path, register_converter

from annotation import views


class RowNumber:
    """A row's number that fits every database's column; a longer one is no address."""

    regex = "[0-9]{1,18}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


register_converter(RowNumber, "row")

urlpatterns = [
    path("", views.home, name="home"),
    path("guidelines/", views.guidelines, name="guidelines"),
    path("welcome/", views.welcome, name="welcome"),
    path("practice/", views.practice, name="practice"),
    path("practice/skip/", views.skip_practice, name="skip_practice"),
    path("practice/<row:practice_pair_id>/", views.practise, name="practise"),
    path("judge/", views.judge, name="judge"),
    path("judge/ahead/", views.ahead, name="ahead"),
    path("judge/undo/", views.undo, name="undo"),
    path("judge/renew/", views.renew, name="renew"),
    path("judge/warning/", views.warning, name="warning"),
    path("judge/<row:assignment_id>/", views.answer, name="answer"),
    path("me/", views.me, name="me"),
    path("me/withdraw/", views.withdraw, name="withdraw"),
    path("dataset/", views.dataset, name="dataset"),
    path("overview/", views.overview, name="overview"),
    path("pictures/<path:name>", views.picture, name="picture"),
]
