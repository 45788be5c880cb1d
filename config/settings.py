"""Django's settings. Every value that differs between installations comes from `config.env`."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext

from config import env
from config.mail import mail
from config.redis import redis

# Lets Django's generic classes (ModelAdmin[Campaign]) be written as the type checker wants them.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
with suppress(OSError):  # Where the code may not be written to, the database is a server and needs no folder.
    VAR_DIR.mkdir(exist_ok=True)
env.read_file(BASE_DIR)

SECRET_KEY = env.secret("SECRET_KEY")
# Keys that were replaced: sessions and signed slips that they made are good until they are taken away.
SECRET_KEY_FALLBACKS = env.secrets("SECRET_KEY_FALLBACKS")
FIELD_ENCRYPTION_KEYS = env.encryption_keys("FIELD_ENCRYPTION_KEYS")
DEBUG = env.switch("DEBUG")

# Where people reach this installation: referral links and Intercom's way back are built on it.
PUBLIC_URL = env.url("PUBLIC_URL", "http://127.0.0.1:8000")
_public = urlsplit(PUBLIC_URL)
ALLOWED_HOSTS = [_public.hostname or "", "127.0.0.1", "localhost", *env.words("ALLOWED_HOSTS")]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"]

# Intercom ------------------------------------------------------------------------------------------------
INTERCOM_CLIENT_ID = env.text("INTERCOM_CLIENT_ID")
INTERCOM_CLIENT_SECRET = env.text("INTERCOM_CLIENT_SECRET")
INTERCOM_API_URL = env.url("INTERCOM_API_URL")
INTERCOM_APP_URL = env.url("INTERCOM_APP_URL")
# Seconds: Intercom's search shows a new contact only after "a few minutes".
INTERCOM_SEARCH_LAG = env.number("INTERCOM_SEARCH_LAG", default=300, at_least=0, at_most=86_400)
# Percent of a workspace's rate limit that is used at most: the rest is left to the customer's other apps.
INTERCOM_LIMIT_SHARE = env.number("INTERCOM_LIMIT_SHARE", default=90, at_least=10, at_most=100)
# A pretend Intercom workspace, served by this project at /sandbox/ (for trying and for tests).
INTERCOM_SANDBOX = env.switch("INTERCOM_SANDBOX")
INTERCOM_SANDBOX_URL = env.url("INTERCOM_SANDBOX_URL", f"{PUBLIC_URL}/sandbox")
INTERCOM_SANDBOX_FILE = BASE_DIR / env.text("INTERCOM_SANDBOX_FILE", "var/sandbox.sqlite3")

# The name that the panel gives to the system the leads come from ("From Referral Factory").
SOURCE_SYSTEM_NAME = env.text("SOURCE_SYSTEM_NAME", "Referral Factory")
# Where "Still stuck?" sends people who need help with this installation; "" offers copying alone.
SUPPORT_EMAIL = env.email("SUPPORT_EMAIL")

# Days: after the first, what was sent and answered is emptied; after the second, all tries but the last go.
KEEP_PAYLOADS_DAYS = env.number("KEEP_PAYLOADS_DAYS", default=90, at_least=1, at_most=3650)
KEEP_ATTEMPTS_DAYS = env.number("KEEP_ATTEMPTS_DAYS", default=730, at_least=1, at_most=3650)

# E-mail: alerts go out by it. On the console while trying things out, else nowhere until somebody says where.
_mail = mail("EMAIL_URL", "consolemail://" if DEBUG else "")
EMAIL_BACKEND, EMAIL_HOST, EMAIL_PORT = _mail.backend, _mail.host, _mail.port
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _mail.user, _mail.password
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail.use_tls, _mail.use_ssl
# Seconds for each answer of the mail server: a worker must not hang on one that says nothing.
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.email("DEFAULT_FROM_EMAIL") or f"lead-sync@{_public.hostname or 'localhost'}"

# Django --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django_q",
    "campaigns",
    "integrations",
    "crispy_forms",
    "csp",
    "django_htmx",
    "config.apps.LeadSyncAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
            "libraries": {"columns": "config.columns"},
        },
    },
]
CRISPY_ALLOWED_TEMPLATE_PACKS = CRISPY_TEMPLATE_PACK = "plain"

DATABASES = {"default": env.database("DATABASE_URL", f"sqlite:///{VAR_DIR / 'db.sqlite3'}")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
CSRF_FAILURE_VIEW = "integrations.views.kept.refuse"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
USE_TZ = True
# "23 November 2026, 20:08" on every page, Django's own included.
FORMAT_MODULE_PATH = ["config.formats"]

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "static_collected"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Security ------------------------------------------------------------------------------------------------
SECURE = _public.scheme == "https"
SESSION_ENGINE = "config.sessions"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE and env.switch("SECURE_SSL_REDIRECT", default=True)
# A load balancer asks each machine by itself, without TLS.
SECURE_REDIRECT_EXEMPT = ["^healthz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.switch("BEHIND_PROXY") else None
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", default=0, at_least=0, at_most=63_072_000)
X_FRAME_OPTIONS = "DENY"
# A panel of 250 mapped fields has more than Django's 1,000; one with too many is refused with a sentence.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 40_000
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}

# The queue -----------------------------------------------------------------------------------------------
# The delivery row decides what is owed and when it is tried again; a task is only a hint. So q2 never
# retries: `retry` must stay above timeout * (1 + queue_limit / workers), or it starts tasks twice.
REDIS = redis("REDIS_URL")
Q_CLUSTER = {
    "name": "leads",
    "workers": env.number("WORKERS", default=2, at_least=1, at_most=32),
    "queue_limit": 1,
    "bulk": 1,
    "timeout": 60,
    "retry": 240,
    "max_attempts": 1,
    "ack_failures": True,
    "save_limit": 100,
    "recycle": 500,
    "max_rss": 400_000,
    "guard_cycle": 0.5,
    "poll": 0.2,
    "catch_up": False,
    "log_level": "WARNING",
    "broker_class": f"integrations.services.broker.{'RedisBroker' if REDIS else 'OrmBroker'}",
    **({"redis": REDIS} if REDIS else {"orm": "default"}),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.logs.QuietFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "loggers": {
        # Django's own handlers would show an error's words on the console, and mail them.
        "django": {"handlers": []},
        # urllib3 quotes malformed headers in its warnings: they may hold what no log should.
        "urllib3.connection": {"level": "ERROR"},
        # Warnings here are pages that somebody may not open, each with a traceback, or that do not exist.
        "django.request": {"level": "ERROR"},
        "django-q": {"level": "WARNING"},
    },
    "root": {"handlers": ["console"], "level": env.level("LOG_LEVEL", "INFO")},
}
