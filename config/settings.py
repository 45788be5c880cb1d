"""Django's settings. Every value that differs between installations comes from `config.env`."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import django_stubs_ext

from config import env

# Lets Django's generic classes (ModelAdmin[Campaign]) be written as the type checker wants them.
django_stubs_ext.monkeypatch()

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
VAR_DIR.mkdir(exist_ok=True)
env.read_file(BASE_DIR)

SECRET_KEY = env.secret("SECRET_KEY")
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
# A pretend Intercom workspace, served by this project at /sandbox/ (for trying and for tests).
INTERCOM_SANDBOX = env.switch("INTERCOM_SANDBOX")
INTERCOM_SANDBOX_URL = env.url("INTERCOM_SANDBOX_URL", f"{PUBLIC_URL}/sandbox")
INTERCOM_SANDBOX_FILE = BASE_DIR / env.text("INTERCOM_SANDBOX_FILE", "var/sandbox.sqlite3")

# The name that the panel gives to the system the leads come from ("From Referral Factory").
SOURCE_SYSTEM_NAME = env.text("SOURCE_SYSTEM_NAME", "Referral Factory")

# Django --------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django_q",
    "campaigns",
    "integrations",
    "crispy_forms",
    "csp",
    "django.contrib.admin",
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
LOGIN_URL = "admin:login"

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = BASE_DIR / "static_collected"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# Security ------------------------------------------------------------------------------------------------
SECURE = _public.scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SECURE_SSL_REDIRECT = SECURE and env.switch("SECURE_SSL_REDIRECT", default=True)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.switch("BEHIND_PROXY") else None
SECURE_HSTS_SECONDS = env.number("SECURE_HSTS_SECONDS", default=0, at_least=0, at_most=63_072_000)
X_FRAME_OPTIONS = "DENY"
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
REDIS = env.redis("REDIS_URL")
Q_CLUSTER = {
    "name": "leads",
    "workers": env.number("WORKERS", default=2, at_least=1, at_most=32),
    "queue_limit": 2,
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
    **({"redis": REDIS} if REDIS else {"orm": "default"}),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # urllib3 quotes malformed headers in its warnings: they may hold what no log should.
    "loggers": {"urllib3.connection": {"level": "ERROR"}, "django-q": {"level": "WARNING"}},
    "root": {"handlers": ["console"], "level": env.level("LOG_LEVEL", "INFO")},
}
