"""Where pairs are judged."""

from django.urls import path

from annotation.views import judging

urlpatterns = [
    path("judge/", judging.judge, name="judge"),
    path("judge/ahead/", judging.ahead, name="ahead"),
    path("judge/undo/", judging.undo, name="undo"),
    path("judge/renew/", judging.renew, name="renew"),
    path("judge/warning/", judging.warning, name="warning"),
    path("judge/<row:assignment_id>/", judging.answer, name="answer"),
]
