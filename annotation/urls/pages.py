"""Pages for everybody, pictures, the dataset, the overview."""

from django.urls import path

from annotation.views import dataset, overview, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("guidelines/", pages.guidelines, name="guidelines"),
    path("pictures/<path:name>", pages.picture, name="picture"),
    path("dataset/", dataset.dataset, name="dataset"),
    path("overview/", overview.overview, name="overview"),
]
