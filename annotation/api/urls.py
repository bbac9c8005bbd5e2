"""Addresses of the API, below /api/."""

from django.urls import path, re_path

from annotation.api import document, judging, memes, people, pictures

urlpatterns = [
    path("v1/assignments/", judging.Assignments.as_view(), name="api_assignments"),
    path("v1/assignments/renew/", judging.Renewal.as_view(), name="api_renew"),
    path("v1/judgments/", judging.Judgments.as_view(), name="api_judgments"),
    path("v1/judgments/batch/", judging.JudgmentBatch.as_view(), name="api_judgment_batch"),
    path("v1/judgments/undo/", judging.Undo.as_view(), name="api_undo"),
    path("v1/me/statistics/", people.OwnStatistics.as_view(), name="api_statistics"),
    path("v1/templates/", memes.Templates.as_view(), name="api_templates"),
    path("v1/templates/<row:template_id>/", memes.Template.as_view(), name="api_template"),
    path("v1/memes/", memes.Memes.as_view(), name="api_memes"),
    path("v1/memes/<row:meme_id>/", memes.OneMeme.as_view(), name="api_meme"),
    path("v1/pictures/<path:name>", pictures.Picture.as_view(), name="api_picture"),
    path("v1/openapi.json", document.OpenApi.as_view(), name="api_openapi"),
    re_path("", document.Nowhere.as_view(), name="api_nowhere"),
]
