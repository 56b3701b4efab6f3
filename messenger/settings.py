"""Django's settings, read from the environment. docs/operations.md lists them.

MODE=demo is for one's own machine (`make run`): a secret key may be made up and plain HTTP is fine.
MODE=production insists on everything a public server needs.
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
import structlog
from csp.constants import NONE, SELF
from psycopg.conninfo import make_conninfo

from chat.policy.endpoints import KNOWN_HOSTS
from chat.wakeup.vapid import is_contact, is_key
from messenger import env
from messenger.limits import limits

BASE_DIR = Path(__file__).resolve().parent.parent

MODE = env.choice("MODE", ("demo", "production"), "production")
DEMO = MODE == "demo"
DEBUG = False

SECRET_KEY = env.text("SECRET_KEY")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"] if DEMO else None)
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", [])
CSRF_FAILURE_VIEW = "chat.web.problems.csrf_failure"
# Origins a browser may open the WebSocket from; hosts or scheme://host:port.
WEBSOCKET_ORIGINS = env.words("WEBSOCKET_ORIGINS", ALLOWED_HOSTS)

AUTH_USER_MODEL = "chat.User"
INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "servestatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "axes",
    "channels",
    "csp",
    "chat.apps.ChatConfig",
    "receipts.apps.ReceiptsConfig",
]
MIDDLEWARE = [
    "messenger.request_log.request_log",
    "messenger.headers.hard_headers",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "messenger.headers.admin_policy",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "messenger.urls"
ASGI_APPLICATION = "messenger.asgi.application"
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
            ]
        },
    }
]

# PostgreSQL. A connection a request: under ASGI threads come and go, and kept ones would pile up.
DATABASE_URL = env.url("DATABASE_URL", ("postgres", "postgresql"))
DATABASES: dict[str, dict[str, Any]] = {"default": environ.Env.db_url_config(DATABASE_URL)}
DATABASES["default"]["CONN_MAX_AGE"] = 0
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def _dsn(database: dict[str, Any]) -> str:
    """The same database in libpq's own spelling, for the connections that are not Django's."""
    options: dict[str, Any] = {
        key: value for key, value in database.get("OPTIONS", {}).items() if isinstance(value, str | int)
    }
    named = {
        "dbname": database["NAME"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "host": database["HOST"],
        "port": database["PORT"],
    }
    return make_conninfo(**options, **{key: value for key, value in named.items() if value})


POSTGRES_DSN = _dsn(DATABASES["default"])

# Redis: the channel layer (hints), the receipts buffer and Celery's broker. Nothing in it is the only copy.
REDIS_URL = env.url("REDIS_URL", ("redis", "rediss", "unix"))
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "hosts": [
                {
                    "address": REDIS_URL,
                    "socket_connect_timeout": 2,
                    "socket_timeout": 10,
                    "health_check_interval": 5,
                }
                | ({} if REDIS_URL.startswith("unix") else {"socket_keepalive": True})
            ]
        },
    }
}

# How long a web process that was killed keeps its people online. The protocol says so; for tests it is less.
PRESENCE_LEASE_S = env.number("MESSENGER_PRESENCE_LEASE", 30, low=4, high=30)

# How long after sending a message may be edited, and deleted for everyone.
EDIT_MINUTES = env.number("EDIT_MINUTES", 15, high=60 * 24 * 365)
DELETE_MINUTES = env.number("DELETE_MINUTES", 48 * 60, high=60 * 24 * 365)
# How long what nobody took is waited for, and how long what was taken is kept (0: for ever); docs/operations.md.
MAX_GROUP_MEMBERS = env.number("MAX_GROUP_MEMBERS", 1_024, low=2, high=100_000)
INBOX_DAYS = env.number("INBOX_DAYS", 30, low=1, high=36_500)
INBOX_ENTRIES = env.number("INBOX_ENTRIES", 1_000, low=1)
MEDIA_MEGABYTES = env.number("MEDIA_MEGABYTES", 100)
DEDUPE_HOURS = env.number("DEDUPE_HOURS", 24, low=1, high=36_500 * 24)
HISTORY_DAYS = env.number("HISTORY_DAYS", 0, high=36_500)
env.require(
    HISTORY_DAYS == 0 or HISTORY_DAYS >= INBOX_DAYS,
    "HISTORY_DAYS must be 0 or at least INBOX_DAYS: messages would be removed while devices may still fetch them.",
)
env.require(
    HISTORY_DAYS == 0 or HISTORY_DAYS * 24 >= DEDUPE_HOURS,
    "HISTORY_DAYS must be 0 or cover DEDUPE_HOURS: a message sent again would be taken for a new one.",
)

# Files people send. What is not complete yet is in `uploads` below MEDIA_ROOT, which all web processes share, in either
# case; what is, beside it or in S3's bucket.
MAX_ATTACHMENT_MB = env.number("MAX_ATTACHMENT_MB", 100, low=1, high=100_000)
UPLOAD_QUOTA_MB = env.number("UPLOAD_QUOTA_MB", 500, low=1, high=10**9)
MAX_IMAGE_MEGAPIXELS = env.number("MAX_IMAGE_MEGAPIXELS", 50, low=1, high=1_000)
env.require(UPLOAD_QUOTA_MB >= MAX_ATTACHMENT_MB, "UPLOAD_QUOTA_MB must be at least MAX_ATTACHMENT_MB.")
MEDIA_ROOT = Path(env.text("MEDIA_ROOT", str(BASE_DIR / ".build" / "media") if DEMO else None))
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
S3_BUCKET = env.text("S3_BUCKET", "")
S3 = {
    "BACKEND": "storages.backends.s3.S3Storage",
    "OPTIONS": {
        "bucket_name": S3_BUCKET,
        "endpoint_url": env.text("S3_ENDPOINT", "") or None,
        "region_name": env.text("S3_REGION", "") or None,
        "access_key": env.text("S3_ACCESS_KEY", "") or None,
        "secret_key": env.text("S3_SECRET_KEY", "") or None,
        "default_acl": None,
        "file_overwrite": True,
        "querystring_auth": False,
    },
}
# How much people may do, and whose X-Forwarded-For says where they are: chat/quota, chat/policy/addresses.py.
LIMITS = limits()
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
# The same text to strangers, as the first of so many conversations within the time, is spam (chat/policy/spam.py).
SPAM_CONVERSATIONS = env.number("SPAM_CONVERSATIONS", 10)
SPAM_WINDOW_MINUTES = env.number("SPAM_WINDOW_MINUTES", 60, low=1, high=60 * 24 * 7)
# Wrong passwords for one account from one address, in the database: with django-axes (chat/web/signing_in.py).
SIGN_IN_FAILURES = env.number("SIGN_IN_FAILURES", 10)
SIGN_IN_PAUSE_MINUTES = env.number("SIGN_IN_PAUSE_MINUTES", 5, low=1, high=60 * 24 * 365)
AXES_ENABLED = SIGN_IN_FAILURES > 0
AXES_FAILURE_LIMIT = SIGN_IN_FAILURES
AXES_COOLOFF_TIME = timedelta(minutes=SIGN_IN_PAUSE_MINUTES)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
# Tries while it is locked are none: they do not keep the rightful person out for longer.
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "chat.web.signing_in.counted_address"
AXES_USERNAME_CALLABLE = "chat.web.signing_in.counted_name"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
SILENCED_SYSTEM_CHECKS = [
    # Its middleware answers whoever is locked out; our form does, and the API in its own words.
    "axes.W002",
    # A messenger is one host: whether the others of its domain speak TLS is not for it to say.
    "security.W005",
    "security.W021",
]

# Web Push: the server's key (manage.py make_vapid_keys); without one nobody is woken up, and everything else works.
VAPID_PRIVATE_KEY = env.checked("VAPID_PRIVATE_KEY", is_key, "a key made by manage.py make_vapid_keys")
# How a push service reaches whoever runs this server, if it misbehaves.
VAPID_SUBJECT = env.checked("VAPID_SUBJECT", is_contact, "a mailto: or https: address") or "mailto:admin@localhost"
if VAPID_PRIVATE_KEY and not DEMO and VAPID_SUBJECT == "mailto:admin@localhost":
    raise env.SettingError("VAPID_SUBJECT is not set: push services want a mailto: or https: address of yours.")
PUSH_HOSTS = env.words("PUSH_HOSTS", list(KNOWN_HOSTS))
# A push service double on this machine, over plain HTTP. For tests.
PUSH_LOOPBACK = env.flag("MESSENGER_PUSH_LOOPBACK", False)
if PUSH_LOOPBACK and not DEMO:
    raise env.SettingError("MESSENGER_PUSH_LOOPBACK is for tests: it must not be set in production.")

PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
] + [{"NAME": "chat.log.passwords.EndsSessions"}]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/sign-in/"

# Mails, for forgotten passwords: by SMTP. In the demo they are printed; in production that would put links into logs.
EMAIL_HOST = env.text("EMAIL_HOST", "")
EMAIL_PORT = env.number("EMAIL_PORT", 587, low=1, high=65_535)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER", "")
EMAIL_HOST_PASSWORD = env.text("EMAIL_HOST_PASSWORD", "")
EMAIL_USE_TLS = env.flag("EMAIL_STARTTLS", True)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.text("EMAIL_FROM", "messenger@localhost")
SENDS_MAIL = DEMO or bool(EMAIL_HOST)
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if EMAIL_HOST else 'console'}.EmailBackend"
env.require(not EMAIL_HOST or DEFAULT_FROM_EMAIL != "messenger@localhost", "EMAIL_FROM is not set: who mails are from.")
PASSWORD_RESET_TIMEOUT = 3_600

# What becomes of what somebody sends to whom has blocked them (chat/log/silence.py). A block stays as it was made.
BLOCKED_SENDS = env.choice("BLOCKED_SENDS", ("reject", "accept"), "reject")

# What moderators read of what people wrote: all they may see, or what they have said why (chat/admin/bodies.py).
ADMIN_BODIES = env.choice("ADMIN_BODIES", ("open", "reason"), "open")

# Behind plain HTTP (a demo, a proxy on the same machine that is never bypassed) cookies cannot be Secure.
SECURE_COOKIES = env.flag("SECURE_COOKIES", not DEMO)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_COOKIES
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 90 * 24 * 3600
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
# Only behind a proxy that says so can be known whether a page was asked for over TLS. What asks from inside (health,
# figures) comes without.
BEHIND_TLS_PROXY = env.flag("BEHIND_TLS_PROXY", False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_TLS_PROXY else None
SECURE_SSL_REDIRECT = BEHIND_TLS_PROXY
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = env.number("HSTS_SECONDS", 0 if DEMO else 365 * 24 * 3600)
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        # blob: pictures of this device, before they are anywhere else.
        "img-src": [SELF, "data:", "blob:"],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "require-trusted-types-for": ["'script'"],
        "trusted-types": ["messenger"],
    }
}

# Who may read /metrics: whoever has this; with none set, programs on this machine.
METRICS_TOKEN = env.text("METRICS_TOKEN", "")

LANGUAGE_CODE = "en"
# Unless someone has chosen (a cookie), it is what their browser asks for.
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
# Before the texts of the apps of others, which have some of ours in other words.
LOCALE_PATHS = [BASE_DIR / "chat" / "locale"]
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = SECURE_COOKIES
LANGUAGE_COOKIE_SAMESITE = "Lax"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = Path(env.text("STATIC_ROOT", str(BASE_DIR / ".build" / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": S3 if S3_BUCKET else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "messenger.static_files.HashedModuleStorage"},
}

# Logs: what happened, to which ids; never a body, a token, a cookie or a query string. Of what a log call brings
# beside its text only these get into the line: Django, for one, brings whole requests.
LOGGED = ("code", "conv", "frames_in", "frames_out", "method", "ms", "path", "seconds", "status", "user")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "structured": {
            "()": structlog.stdlib.ProcessorFormatter,
            "processors": [
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.dev.ConsoleRenderer(colors=False) if DEMO else structlog.processors.JSONRenderer(),
            ],
            "foreign_pre_chain": [
                structlog.contextvars.merge_contextvars,
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                structlog.processors.TimeStamper(fmt="iso"),
                structlog.stdlib.ExtraAdder(LOGGED),
                structlog.processors.format_exc_info,
            ],
        }
    },
    "handlers": {"stream": {"class": "logging.StreamHandler", "formatter": "structured"}},
    "root": {"handlers": ["stream"], "level": env.choice("LOG_LEVEL", ("DEBUG", "INFO", "WARNING", "ERROR"), "INFO")},
    "loggers": {
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        # Its own handlers, which know nothing of JSON, are taken away.
        "uvicorn": {"level": "WARNING", "handlers": [], "propagate": True},
        "uvicorn.access": {"level": "WARNING"},
        "redis": {"level": "WARNING"},
        "celery": {"level": "WARNING"},
        # It would name whoever mistypes, which may be a password in the wrong field.
        "axes": {"level": "ERROR"},
        "kombu": {"level": "WARNING"},
    },
}
LOGGING_CONFIG = "logging.config.dictConfig"
