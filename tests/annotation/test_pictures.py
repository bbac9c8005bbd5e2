"""Pictures in either storage: a local folder, and S3 as django-storages speaks it to a small stand-in server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from django.core.files.storage import FileSystemStorage, default_storage
from pytest_django import Settings

from annotation.pictures import NAME, load_picture, picture_answer, store_picture

DATA = b"\xff\xd8\xff some bytes"


class Bucket(BaseHTTPRequestHandler):
    """The three requests of S3 that pictures need, answered from memory."""

    objects: ClassVar[dict[str, bytes]] = {}
    puts: ClassVar[list[str]] = []
    asked: ClassVar[list[str]] = []

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "aws-chunked" or b";chunk-signature" in body:
            body = body.split(b"\r\n", 1)[1].split(b"\r\n0", 1)[0]
        self.objects[self.path] = body
        self.puts.append(self.path)
        self.answer(200, b"")

    def do_HEAD(self) -> None:
        self.asked.append(self.path)
        self.answer(200 if self.path in self.objects else 404, self.objects.get(self.path, b""), body=False)

    def do_GET(self) -> None:
        self.answer(200 if self.path in self.objects else 404, self.objects.get(self.path, b""))

    def answer(self, status: int, data: bytes, *, body: bool = True) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("ETag", '"x"')
        self.end_headers()
        if body:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


@pytest.fixture
def bucket(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Bucket]]:
    Bucket.objects.clear()
    Bucket.puts.clear()
    Bucket.asked.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    options = {
        "bucket_name": "memes",
        "endpoint_url": f"http://127.0.0.1:{server.server_port}",
        "location": "punchline",
        "default_acl": None,
        "file_overwrite": True,
        "region_name": "us-east-1",
        "addressing_style": "path",
    }
    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options},
    }
    yield Bucket
    server.shutdown()
    server.server_close()
    thread.join(timeout=5)


def test_a_picture_is_kept_once_under_the_hash_of_its_bytes() -> None:
    name = store_picture(folder="memes", data=DATA, extension="jpg")
    assert NAME.fullmatch(name)
    assert store_picture(folder="memes", data=DATA, extension="jpg") == name
    assert load_picture(name) == DATA
    assert default_storage.size(name) == len(DATA)


@pytest.mark.filterwarnings("ignore::DeprecationWarning:botocore")
def test_a_picture_goes_to_s3_once_and_comes_back(bucket: type[Bucket]) -> None:
    name = store_picture(folder="memes", data=DATA, extension="jpg")
    assert store_picture(folder="memes", data=DATA, extension="jpg") == name
    assert bucket.puts == [f"/memes/punchline/{name}"]
    assert len(bucket.asked) == 2  # once for each: thousands of pictures are a question less each
    assert load_picture(name) == DATA
    answer = picture_answer(name)
    assert answer is not None
    assert (answer.getvalue(), answer["Content-Type"]) == (DATA, "image/jpeg")
    answer.close()


@pytest.mark.filterwarnings("ignore::DeprecationWarning:botocore")
@pytest.mark.parametrize("rest", [b"", DATA[:5]])
def test_a_part_of_a_picture_on_s3_is_replaced(bucket: type[Bucket], rest: bytes) -> None:
    name = store_picture(folder="memes", data=DATA, extension="jpg")
    bucket.objects[f"/memes/punchline/{name}"] = rest
    store_picture(folder="memes", data=DATA, extension="jpg")
    assert load_picture(name) == DATA


@pytest.mark.parametrize("rest", [b"", DATA[:5]])
def test_a_part_of_a_picture_in_a_folder_is_replaced(rest: bytes) -> None:
    name = store_picture(folder="memes", data=DATA, extension="jpg")
    Path(default_storage.path(name)).write_bytes(rest)
    store_picture(folder="memes", data=DATA, extension="jpg")
    assert load_picture(name) == DATA


def test_a_picture_that_a_takedown_took_between_two_looks_is_not_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    name = store_picture(folder="memes", data=DATA, extension="jpg")
    default_storage.delete(name)
    monkeypatch.setattr(FileSystemStorage, "exists", lambda *_: True)
    assert picture_answer(name) is None
    assert store_picture(folder="memes", data=DATA, extension="jpg") == name
    assert load_picture(name) == DATA
