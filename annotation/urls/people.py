"""Before the first judgment, about oneself, and the people an admin looks after."""

from django.urls import path

from annotation.views import people

urlpatterns = [
    path("welcome/", people.welcome, name="welcome"),
    path("practice/", people.practice, name="practice"),
    path("practice/skip/", people.skip_practice, name="skip_practice"),
    path("practice/<row:practice_pair_id>/", people.practise, name="practise"),
    path("me/", people.me, name="me"),
    path("me/withdraw/", people.withdraw, name="withdraw"),
    path("me/judgments.csv", people.own_judgments_csv, name="own_judgments_csv"),
    path("me/judgments.json", people.own_judgments_json, name="own_judgments_json"),
    path("me/keep/", people.keep_account, name="keep_account"),
    path("me/close/", people.close_account, name="close_account"),
    path("people/", people.everybody, name="people"),
    path("people/<row:user_id>/", people.person, name="person"),
    path("people/<row:user_id>/roles/", people.set_roles, name="set_roles"),
    path("people/<row:user_id>/pause/", people.pause, name="pause"),
    path("people/<row:user_id>/resume/", people.resume, name="resume"),
]
