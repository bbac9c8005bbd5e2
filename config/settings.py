"""Every setting of Punchline, read from the environment here and nowhere else.

With no variable set this is the embedded install: SQLite, the filesystem broker, pictures, secret key and demo accounts in one
folder (`PUNCHLINE_DATA`), answering on the loopback address over plain HTTP. Naming a `DATABASE_URL` makes it a server: then a
secret key, host names and HTTPS are required, and a start without them is refused with a sentence. See docs/operations.md.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import fontpkg
from csp.constants import NONE, SELF
from django.utils.translation import gettext_lazy as _

from annotation.logs import configuration
from config.environment import (
    UnsafeSetting,
    checked_hosts,
    checked_rate,
    checked_secret,
    checked_token,
    embedded_secret,
    private_file,
    private_folder,
)

env = environ.Env()
ROOT = Path(__file__).resolve().parent.parent
DATA = Path(env.str("PUNCHLINE_DATA", default=str(ROOT / "data"))).resolve()

# --- who may reach it ---------------------------------------------------------------------------------------------------------

LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
WEB_HOST = env.str("PUNCHLINE_HOST", default="127.0.0.1")
WEB_PORT = env.int("PUNCHLINE_PORT", default=8000)
EMBEDDED = not env.str("DATABASE_URL", default="")
DEBUG = env.bool("PUNCHLINE_DEBUG", default=False)
# Plain HTTP is the default on one's own machine only.
HTTPS = env.bool("PUNCHLINE_HTTPS", default=not EMBEDDED)

if EMBEDDED:
    SECRET_KEY = env.str("PUNCHLINE_SECRET_KEY", default="") or embedded_secret(DATA)
    ALLOWED_HOSTS = LOOPBACK + env.list("PUNCHLINE_ALLOWED_HOSTS", default=[])
    if f"[{WEB_HOST}]" not in LOOPBACK and WEB_HOST not in LOOPBACK:
        checked_hosts(env.list("PUNCHLINE_ALLOWED_HOSTS", default=[]))
else:
    SECRET_KEY = checked_secret(env.str("PUNCHLINE_SECRET_KEY", default=""))
    ALLOWED_HOSTS = checked_hosts(env.list("PUNCHLINE_ALLOWED_HOSTS", default=[]))
    if DEBUG:
        raise UnsafeSetting(
            "PUNCHLINE_DEBUG", "is on", "a server with its own database must not show its insides; unset it"
        )
    if not HTTPS and not set(ALLOWED_HOSTS) <= set(LOOPBACK):
        raise UnsafeSetting(
            "PUNCHLINE_HTTPS",
            "is off",
            "passwords would travel in the open; unset it or allow loopback hosts only",
        )

# Keys that were in use before: what they signed still counts, until sessions and links made with them have ended.
SECRET_KEY_FALLBACKS = [
    checked_secret(key, "PUNCHLINE_OLD_SECRET_KEYS")
    for key in env.list("PUNCHLINE_OLD_SECRET_KEYS", default=[])
]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_ENGINE = "annotation.sessions"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = LANGUAGE_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 60 * 60 * 24 * 30
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 60 * 60 * 24 * 365 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
BEHIND_PROXY = env.bool("PUNCHLINE_BEHIND_PROXY", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
CSRF_TRUSTED_ORIGINS = env.list("PUNCHLINE_TRUSTED_ORIGINS", default=[])
X_FRAME_OPTIONS = "DENY"

# --- apps ---------------------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "annotation",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
    "drf_spectacular",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "annotation.middleware.probes",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "annotation.middleware.RequestMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "annotation.middleware.time_zone",
    "annotation.middleware.AccessMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

# --- database, broker, cache, files --------------------------------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": env.db_url_config(
        env.str("DATABASE_URL", default="") or f"sqlite:///{DATA / 'punchline.sqlite3'}"
    )
}
SQLITE = DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3"
if SQLITE:
    private_folder(DATA)
    if EMBEDDED:
        private_file(Path(DATABASES["default"]["NAME"]))  # SQLite gives its log the same mode
    DATABASES["default"]["OPTIONS"] = {
        # A transaction that will write says so at its start: otherwise two readers that both turn into writers fail at once.
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        # FULL: an answer that we acknowledged survives a power cut, not only a crash of ours.
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-32000; PRAGMA mmap_size=134217728;",
    }
    DATABASES["default"]["CONN_MAX_AGE"] = None
    # Tests use a file as well: a database in memory locks otherwise than the one that people use.
    DATABASES["default"]["TEST"] = {"NAME": DATA / "test.sqlite3"}
else:
    DATABASES["default"]["CONN_MAX_AGE"] = env.int("PUNCHLINE_DATABASE_KEEP_S", default=600)
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
    # The system's own patience with a server that does not answer is two minutes.
    DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 10)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CELERY_BROKER_URL = env.str("CELERY_BROKER_URL", default="") or "filesystem://localhost"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, Any] = {}
if CELERY_BROKER_URL.startswith("filesystem:"):
    broker_folder = DATA / "broker"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": broker_folder / "messages",
        "data_folder_out": broker_folder / "messages",
        "control_folder": broker_folder / "control",
    }
    for folder in set(CELERY_BROKER_TRANSPORT_OPTIONS.values()):
        folder.mkdir(parents=True, exist_ok=True)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA / "beat-schedule")
CELERY_BEAT_SCHEDULE = {
    "expired leases go back into the pool": {
        "task": "annotation.expire_leases",
        "schedule": 30.0,
        "options": {"expires": 25},
    },
    "takedowns that a crash left unfinished are finished": {
        "task": "annotation.finish_takedowns",
        "schedule": 600.0,
    },
    "sessions that have ended are deleted": {"task": "annotation.clear_sessions", "schedule": 86_400.0},
}

CACHE_URL = env.str("PUNCHLINE_CACHE_URL", default="")
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": CACHE_URL}
    if CACHE_URL
    # Shared by the web processes of one machine, so that a limit on sign-ins holds for all of them together.
    else {"BACKEND": "django.core.cache.backends.filebased.FileBasedCache", "LOCATION": DATA / "cache"}
}

S3_BUCKET = env.str("PUNCHLINE_S3_BUCKET", default="")
PICTURES: dict[str, Any] = (
    {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": env.str("PUNCHLINE_S3_ENDPOINT", default=None),
            "location": env.str("PUNCHLINE_S3_PREFIX", default="punchline"),
            "default_acl": None,
            "file_overwrite": True,
        },
    }
    if S3_BUCKET
    else {
        "BACKEND": "django.core.files.storage.FileSystemStorage",
        "OPTIONS": {"location": DATA / "files", "file_permissions_mode": 0o640, "allow_overwrite": True},
    }
)
STORAGES: dict[str, Any] = {
    "default": PICTURES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
FILE_UPLOAD_HANDLERS = [
    "annotation.uploads.Bounded",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
STATIC_URL = "/static/"
STATICFILES_DIRS = [ROOT / "static", ("fonts", str(Path(fontpkg.path("Bricolage Grotesque")).parent))]
# Static files are served where they lie, found once at the start: nothing has to be collected before the first page.
WHITENOISE_USE_FINDERS = True
WHITENOISE_MAX_AGE = 0 if DEBUG else 3600

# --- people -------------------------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "annotation.User"
AUTHENTICATION_BACKENDS = ["annotation.accounts.SignIn"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "MinimumLengthValidator", "CommonPasswordValidator")
]
# Limits are counted per address: behind a proxy that is the last one it names, not its own.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0
ACCOUNT_ADAPTER = "annotation.accounts.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email", "password1*"]
# An address is confirmed by a letter, and nobody waits for it: this works on a laptop that sends none. "strict" lets a sign-up
# with an address that has an account go through, unconfirmed: whether there is one cannot be told from outside.
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_SUBJECT_PREFIX = "[Punchline] "
# A class of thirty behind one address can join and sign up within two minutes; who guesses passwords has five tries in five
# minutes for one name, ten a minute from one address.
ACCOUNT_RATE_LIMITS = {
    "join": "60/m/ip",
    "signup": "20/m/ip",
    "login": "30/m/ip",
    "login_failed": "10/m/ip,5/5m/key",
}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_USERNAME_MIN_LENGTH = 2
OPEN_SIGNUP = env.bool("PUNCHLINE_OPEN_SIGNUP", default=True)
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
EMAIL_CONFIG = env.email_url("EMAIL_URL", default="consolemail://")
vars().update(EMAIL_CONFIG)
DEFAULT_FROM_EMAIL = env.str("PUNCHLINE_FROM_EMAIL", default="punchline@localhost")

LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("zh-hans", _("Simplified Chinese"))]
LOCALE_PATHS = [ROOT / "annotation" / "locale"]
USE_I18N = USE_TZ = True
TIME_ZONE = "UTC"

# --- content security: nothing inline, nothing from another host ----------------------------------------------------------------

PICTURE_HOSTS = [
    f"{part.scheme}://{part.netloc}"
    for part in [urlsplit(env.str("PUNCHLINE_PICTURE_HOST", default=""))]
    if part.netloc
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, *PICTURE_HOSTS],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# --- the API ------------------------------------------------------------------------------------------------------------------

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["annotation.api.tokens.BearerToken"],
    "DEFAULT_PERMISSION_CLASSES": ["annotation.api.tokens.TokenAllows"],
    "DEFAULT_THROTTLE_CLASSES": ["annotation.api.tokens.TokenThrottle"],
    # Of one token; and of one address whose tokens open nothing.
    "DEFAULT_THROTTLE_RATES": {
        "token": checked_rate("PUNCHLINE_API_RATE", env.str("PUNCHLINE_API_RATE", default="1200/min")),
        "failures": checked_rate(
            "PUNCHLINE_API_FAILURE_RATE", env.str("PUNCHLINE_API_FAILURE_RATE", default="30/min")
        ),
    },
    "NUM_PROXIES": 1 if BEHIND_PROXY else 0,
    "DEFAULT_PARSER_CLASSES": ["annotation.api.parsing.JsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "EXCEPTION_HANDLER": "annotation.api.errors.answer_error",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_METADATA_CLASS": None,
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Punchline",
    "DESCRIPTION": "Pairs of memes to judge by program, and memes to read. How to begin: docs/api.md.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "annotation.api.document.exact",
    ],
}

# --- judging ------------------------------------------------------------------------------------------------------------------

REPLICATION = env.int("PUNCHLINE_REPLICATION", default=3)  # distinct annotators that each new pair wants
LEASE_S = env.int("PUNCHLINE_LEASE_S", default=120)
RANDOM_SHARE = env.float("PUNCHLINE_RANDOM_SHARE", default=0.2)
UNDO_S = 60
ANSWERS_PER_MINUTE = env.int(
    "PUNCHLINE_ANSWERS_PER_MINUTE", default=120
)  # that one person may give; 0: any number
if LEASE_S < 60:
    raise UnsafeSetting(
        "PUNCHLINE_LEASE_S", f"is {LEASE_S}", "an open page renews its pairs every 40 s; use 60 or more"
    )
if ANSWERS_PER_MINUTE < 0:
    raise UnsafeSetting(
        "PUNCHLINE_ANSWERS_PER_MINUTE", f"is {ANSWERS_PER_MINUTE}", "use 0 for no limit, or a number above"
    )
if not 1 <= REPLICATION <= 100:
    raise UnsafeSetting(
        "PUNCHLINE_REPLICATION", f"is {REPLICATION}", "a pair wants between 1 and 100 annotators"
    )
if not 0.0 < RANDOM_SHARE <= 1.0:
    raise UnsafeSetting(
        "PUNCHLINE_RANDOM_SHARE",
        f"is {RANDOM_SHARE}",
        "it must be above 0, else no statistics can undo the policy",
    )
CONSENT_VERSION = "2026-11"
JUDGMENTS_LICENCE = "CC-BY-4.0"
CJK_FONT = env.str("PUNCHLINE_CJK_FONT", default="")
EMOJI_FONT = env.str("PUNCHLINE_EMOJI_FONT", default="")

# --- watching it ----------------------------------------------------------------------------------------------------------------

METRICS_TOKEN = checked_token("PUNCHLINE_METRICS_TOKEN", env.str("PUNCHLINE_METRICS_TOKEN", default=""))
LOG_FORMAT = env.str("PUNCHLINE_LOG_FORMAT", default="lines" if EMBEDDED or sys.stderr.isatty() else "json")
if LOG_FORMAT not in ("json", "lines"):
    raise UnsafeSetting("PUNCHLINE_LOG_FORMAT", f"is {LOG_FORMAT!r}", "use json or lines")
LOG_LEVEL = env.str("PUNCHLINE_LOG_LEVEL", default="WARNING").upper()
if LOG_LEVEL not in ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"):
    raise UnsafeSetting(
        "PUNCHLINE_LOG_LEVEL", f"is {LOG_LEVEL!r}", "use DEBUG, INFO, WARNING, ERROR or CRITICAL"
    )
LOGGING = configuration(
    form=LOG_FORMAT,
    level=LOG_LEVEL,
    requests=env.bool("PUNCHLINE_LOG_REQUESTS", default=not EMBEDDED),
)
