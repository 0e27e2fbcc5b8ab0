"""One settings file; everything that differs between deployments comes from the environment (.env.example)."""

from pathlib import Path

import environ
from csp.constants import NONE, SELF
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from portal.admin_look import UNFOLD as ADMIN_LOOK
from portal.local_stack.addresses import local_secret_key, run_directory
from portal.queues import QUEUES, ROUTES

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = run_directory()

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")

DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or local_secret_key()
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
SITE_URL = env.str("SITE_URL", default="http://localhost:8000")

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "django_htmx",
    "csp",
    "portal",
    "analytics",
    "improvement",
    "reporting",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "portal.compression.compress_answers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.csp.SiteCSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.sessions.record_visits",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"

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
                "portal.navigation.navigation",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "portal.templatetags.formats",
                "portal.templatetags.layout",
            ],
        },
    },
]

DATABASES = {"default": env.db_url("DATABASE_URL", default="postgresql://postgres@localhost/aftercare")}
DATABASES["default"]["ENGINE"] = env.str("DATABASE_ENGINE", default="django.db.backends.postgresql")
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# docs/storage.md. Where the server offers TimescaleDB, `migrate` makes the events a hypertable; "off" leaves a table.
TIMESCALEDB = env.bool("TIMESCALEDB", default=True)
# Events are packed into the columnstore so long after they occurred; ingest never reads so far back (outcomes.LEAD).
EVENT_COLUMNSTORE_DAYS = env.int("EVENT_COLUMNSTORE_DAYS", default=120)
# Older events are not accepted, and those that are there leave for files in ARCHIVE_DIR.
EVENT_RETENTION_DAYS = env.int("EVENT_RETENTION_DAYS", default=395)
ARCHIVE_DIR = Path(env.str("ARCHIVE_DIR", default="") or VAR_DIR / "archive")

# redis://, rediss:// or unix:///path?db=0, as redis-py reads it.
REDIS_URL = env.str("REDIS_URL", default="redis://localhost:6379/0").replace("redis+socket://", "unix://", 1)

# What processes tell each other: who scores a merchant, and that a language model is left alone for a while.
CACHES = {
    "default": {
        "BACKEND": "portal.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "shared",
        "OPTIONS": {"socket_connect_timeout": 5, "socket_timeout": 5},
    }
}

# How much is taken in a minute (portal/throttles.py); 0 is no limit.
API_REQUESTS_PER_KEY = env.int("API_REQUESTS_PER_KEY", default=600)
API_REQUESTS_PER_MERCHANT = env.int("API_REQUESTS_PER_MERCHANT", default=1_800)
INGEST_REQUESTS_PER_KEY = env.int("INGEST_REQUESTS_PER_KEY", default=1_200)
INGEST_REQUESTS_PER_MERCHANT = env.int("INGEST_REQUESTS_PER_MERCHANT", default=3_600)
INGEST_EVENTS_PER_MERCHANT = env.int("INGEST_EVENTS_PER_MERCHANT", default=600_000)
INGEST_BYTES_PER_MERCHANT = env.int("INGEST_BYTES_PER_MERCHANT", default=300_000_000)
# Batches of one merchant that a web process takes at once: half of its threads.
INGEST_BATCHES_AT_ONCE = env.int("INGEST_BATCHES_AT_ONCE", default=2)
# Whether a site map may lead to private addresses, as a help centre on one's own network has.
IMPORT_PRIVATE_ADDRESSES = env.bool("IMPORT_PRIVATE_ADDRESSES", default=False)
# How long a request may wait for a row that somebody else writes.
WEB_LOCK_SECONDS = env.float("WEB_LOCK_SECONDS", default=10)

AUTH_USER_MODEL = "portal.User"
AUTHENTICATION_BACKENDS = ["portal.sign_in.LimitedBackend"]
# How many proxies of ours stand in front and append to X-Forwarded-For; 0 believes none.
N_TRUSTED_PROXIES = env.int("N_TRUSTED_PROXIES", default=0)
SESSION_ENGINE = "portal.sessions"
SESSION_COOKIE_AGE = 14 * 24 * 3600
PASSWORD_RESET_TIMEOUT = 3 * 24 * 3600
LOGIN_URL = reverse_lazy("login")
LOGIN_REDIRECT_URL = reverse_lazy("home")
LOGOUT_REDIRECT_URL = reverse_lazy("login")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en"
# Only languages whose texts are whole (tests/portal/test_catalogs.py): a half translated page is worse than an English
# one. A merchant's locale says the language and how numbers and dates are written (portal/locales.py).
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
# A deployment names the folder it collects into and gets hashed, compressed files that browsers keep for good; without
# one the files are served from where they are.
STATIC_ROOT = env.str("STATIC_ROOT", default="") or None
WHITENOISE_USE_FINDERS = STATIC_ROOT is None
_static_storage = "django.contrib.staticfiles.storage.StaticFilesStorage"
if STATIC_ROOT:
    _static_storage = "whitenoise.storage.CompressedManifestStaticFilesStorage"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _static_storage},
}

SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.bool("HTTPS", default=False)
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SESSION_COOKIE_SECURE else None
SECURE_HSTS_SECONDS = 31_536_000 if SESSION_COOKIE_SECURE else 0
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.api_access.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["portal.api_access.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["portal.throttles.ReadThrottle"],
    "DEFAULT_SCHEMA_CLASS": "portal.api_schema.ApiSchema",
    "DEFAULT_PARSER_CLASSES": ["portal.api_bodies.LimitedJsonParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "portal.api_bodies.OneAnswer",
    "URL_FORMAT_OVERRIDE": None,
    "EXCEPTION_HANDLER": "portal.api.problem",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Aftercare",
    "VERSION": "1",
    "DESCRIPTION": "Send your agent's events, read its numbers, pull the published articles.",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SORT_OPERATION_PARAMETERS": False,
    "POSTPROCESSING_HOOKS": [],  # closed lists stand where they are used, and need no names of their own
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PUBLIC": True,
    "SERVE_PERMISSIONS": [],
    "SERVE_AUTHENTICATION": [],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"deepLinking": True, "persistAuthorization": False, "defaultModelsExpandDepth": -1},
}

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1).replace("?db=", "?virtual_host=", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_TIME_LIMIT = 600
CELERY_RESULT_EXPIRES = None  # no results are kept, so the scheduler adds no clean-up of its own
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
# At SIGQUIT running tasks get so long before they go back to the queue.
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = env.float("WORKER_SOFT_SHUTDOWN_SECONDS", default=30)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "queue_order_strategy": "sorted"}
CELERY_TASK_QUEUES, CELERY_TASK_ROUTES = QUEUES, ROUTES
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
DJANGO_CELERY_BEAT_TZ_AWARE = True

# Mail goes to files in the run directory until EMAIL_URL names a server, such as smtp+tls://user:password@host:587.
environ.Env.EMAIL_SCHEMES["outbox"] = "portal.mail.OutboxBackend"
_email = env.email_url("EMAIL_URL", default="outbox:")
EMAIL_BACKEND = _email["EMAIL_BACKEND"]
EMAIL_FILE_PATH = str(VAR_DIR / "outbox")
EMAIL_HOST, EMAIL_PORT = _email["EMAIL_HOST"] or "localhost", _email["EMAIL_PORT"] or 25
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = _email["EMAIL_HOST_USER"] or "", _email["EMAIL_HOST_PASSWORD"] or ""
EMAIL_USE_TLS, EMAIL_USE_SSL = _email.get("EMAIL_USE_TLS", False), _email.get("EMAIL_USE_SSL", False)
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Aftercare <reports@localhost>")

OPENAI_API_KEY = env.str("OPENAI_API_KEY", default="")
OPENAI_BASE_URL = env.str("OPENAI_BASE_URL", default="")
OPENAI_MODEL = env.str("OPENAI_MODEL", default="gpt-4o-mini")
OPENAI_EMBEDDINGS = env.bool("OPENAI_EMBEDDINGS", default=False)
OPENAI_TIMEOUT_SECONDS = env.float("OPENAI_TIMEOUT_SECONDS", default=30)
OPENAI_MAX_RETRIES = env.int("OPENAI_MAX_RETRIES", default=2)
# How often one merchant's conversations are read by a model in a minute; 0 sets no limit.
JUDGE_CALLS_PER_MINUTE = env.int("JUDGE_CALLS_PER_MINUTE", default=60)
OPENAI_MAX_OUTPUT_TOKENS = env.int("OPENAI_MAX_OUTPUT_TOKENS", default=4000)
# Empty for models that take no temperature.
OPENAI_TEMPERATURE: float | None = env.float("OPENAI_TEMPERATURE", 0) if env.str("OPENAI_TEMPERATURE", "0") else None
# USD for a million tokens; both, or the list prices of portal/prices.py.
OPENAI_INPUT_PRICE: str = env.str("OPENAI_INPUT_PRICE", default="")
OPENAI_OUTPUT_PRICE: str = env.str("OPENAI_OUTPUT_PRICE", default="")
LANGSMITH_API_KEY = env.str("LANGSMITH_API_KEY", default="")
LANGSMITH_ENDPOINT = env.str("LANGSMITH_ENDPOINT", default="")
LANGSMITH_PROJECT = env.str("LANGSMITH_PROJECT", default="aftercare")
# The project of the agent's own runs; quality scores go to these as feedback.
LANGSMITH_AGENT_PROJECT = env.str("LANGSMITH_AGENT_PROJECT", default="")

# Who counts the metrics that the rollups cannot hold (analytics/counted_apart.py).
METRIC_READERS = {
    "unique_customers": "analytics.counted_apart.count_customers",
    "quality_score": "analytics.counted_apart.average_quality",
    "knowledge_coverage": "improvement.coverage_rate.measure_coverage",
}
# Who reads the texts of cited articles: function(merchant, external ids) -> {external id: text}.
QUALITY_SOURCE_TEXTS = "improvement.source_texts.read_source_texts"
# All texts that the agent may answer from, with their vectors: function(merchant) -> analytics.house_texts.HouseTexts.
QUALITY_HOUSE_TEXTS = "improvement.source_texts.read_house"
# What takes personal data out of a text: class(cards=, emails=, phones=) whose instances are called with the text.
REDACTOR = "analytics.redaction.Redactor"
# Where cited articles are read: function(merchant, external ids) -> {external id: analytics.sources.Source}.
ARTICLE_SOURCES = "improvement.source_texts.find_sources"
# What conversations were about: function(merchant) -> list of analytics.topics.Topic.
CONVERSATION_TOPICS = "improvement.topics.read_topics"
# The same as rows: function(merchant) -> queryset of (conversation id, key, label).
TOPICS_OF_CONVERSATIONS = "improvement.topics.rows_of_topics"
# Whether the articles answer it: function(merchant, conversation) -> analytics.coverage_verdict.Verdict or None.
COVERAGE_VERDICT = "improvement.question_verdicts.find_verdict"

UNFOLD = ADMIN_LOOK

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
    # These two log requests and answers, which hold customers' words; what went wrong is in our rows.
    "loggers": {"openai": {"level": "WARNING"}, "langsmith": {"level": "CRITICAL"}},
}
