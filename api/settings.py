"""One frozen settings object, read from the environment on first use and never at import.

``DATABASE_URL``, ``REDIS_URL`` and ``CLICKHOUSE_URL`` name the three stores; everything else is
prefixed ``STIBNITE_`` (``STIBNITE_DATA_DIR``, ``STIBNITE_PORT``, ...). An empty value counts as not
set.
"""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from api.domain.rate_limit.rules import text_fault

_PREFIX = "STIBNITE_"


def _starts_with(*schemes: str) -> AfterValidator:
    def check(url: str) -> str:
        if not url.startswith(tuple(f"{scheme}://" for scheme in schemes)):
            raise ValueError(f"a url that starts with {schemes[0]}:// is needed")
        return url

    return AfterValidator(check)


_Url = Annotated[str, StringConstraints(max_length=2_000)]
_PostgresUrl = Annotated[_Url, _starts_with("postgresql", "postgres", "postgresql+psycopg")]
_RedisUrl = Annotated[_Url, _starts_with("redis", "rediss")]
_HttpUrl = Annotated[_Url, _starts_with("http", "https")]


def _limits(text: str) -> str:
    if (fault := text_fault(text)) is not None:
        raise ValueError(fault)
    return text


_Limits = Annotated[str, StringConstraints(max_length=200), AfterValidator(_limits)]


class SettingsError(Exception):
    """A setting is missing or wrong; the message is a sentence for whoever starts the process."""


class Settings(BaseSettings):
    """What a process was told. Urls and the secret never show in ``repr``."""

    model_config = SettingsConfigDict(
        env_prefix=_PREFIX,
        env_ignore_empty=True,
        frozen=True,
        populate_by_name=True,
        extra="ignore",
        # A rejected value may be a password: errors name the field and the rule only.
        hide_input_in_errors=True,
    )

    database_url: _PostgresUrl | None = Field(
        default=None, validation_alias="DATABASE_URL", repr=False
    )
    redis_url: _RedisUrl | None = Field(default=None, validation_alias="REDIS_URL", repr=False)
    clickhouse_url: _HttpUrl | None = Field(
        default=None, validation_alias="CLICKHOUSE_URL", repr=False
    )

    data_dir: Path = Path(".stibnite")
    secret: Annotated[SecretStr, Field(min_length=32, max_length=256)] | None = None
    """Signs cursors and tokens; the same for all processes of one installation."""
    allow_insecure_delivery: bool = False
    """Permits ``http:`` and loopback delivery urls and embed origins. For development only."""
    host: Annotated[str, StringConstraints(min_length=1, max_length=253)] = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    """The API's port; 0 lets ``stibnite up`` choose a free one."""
    worker_concurrency: Annotated[int, Field(ge=1, le=64)] = 1
    """Tasks that one worker process runs at the same time."""
    worker_soft_shutdown_s: Annotated[float, Field(ge=0, le=600)] = 30.0
    """How long a worker that is told to go at once (SIGQUIT) lets its running tasks finish."""
    embedding_url: _HttpUrl | None = Field(default=None, repr=False)
    """A service with OpenAI's ``/embeddings`` below this url (``https://…/v1``), in place of the
    model that comes with the product."""
    embedding_model: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """What that service calls its model."""
    embedding_dimension: Annotated[int, Field(ge=1, le=4_000)] = 384
    """The length of that model's vectors."""
    embedding_api_key: Annotated[SecretStr, Field(max_length=1_000)] | None = None
    job_retention_days: Annotated[int, Field(ge=1, le=365)] = 7
    """How long a job that has ended can be read; then it is deleted, and its bill stays."""
    interpreter_url: _HttpUrl | None = Field(default=None, repr=False)
    """An endpoint with OpenAI's chat completions (``https://…/v1/chat/completions``) that is asked
    in the free look at an interpretation. Off when not set."""
    interpreter_model: Annotated[str, StringConstraints(min_length=1, max_length=200)] | None = None
    """What that endpoint calls its model."""
    interpreter_key: Annotated[SecretStr, Field(max_length=1_000)] | None = None
    interpreter_timeout_s: Annotated[float, Field(gt=0, le=60)] = 5.0
    """After this long the parser's reading is taken."""
    graphql_introspection: bool = True
    """Whether clients may ask for the schema; GraphiQL needs it."""
    graphql_suggestions: bool = True
    """Whether errors say "Did you mean …?", which tells names of the schema, too."""
    graphql_max_cost: Annotated[int, Field(ge=1, le=1_000_000_000)] = 25_000
    """Points that one operation may cost at most, as estimated before it runs."""
    embed_demo: bool = False
    """Serves ``/embed/demo``, with a key that ``stibnite up`` made for it."""
    limits_tier_1: _Limits = "requests=1200/60 cost=300000/60 records=250000/86400"
    """What a key of this tier may use: quotas of requests, points and different records, each in so
    many seconds; or ``off``."""
    limits_tier_2: _Limits = "requests=3000/60 cost=900000/60 records=1000000/86400"
    limits_tier_3: _Limits = "requests=12000/60 cost=3600000/60 records=5000000/86400"
    limits_embed: _Limits = "requests=300/60 cost=60000/60 records=20000/86400"
    """What one customer of a partner may use by one embed key."""
    limits_anonymous: _Limits = "requests=120/60"
    """What one address may use without credentials."""
    limits_failed_sign_in: _Limits = "requests=60/60"
    """How often one address may send credentials that are none."""
    limits_local_share: Annotated[float, Field(gt=0, le=1)] = 0.25
    """The share of every limit that each API process grants while Redis is away."""
    request_deadline_s: Annotated[float, Field(gt=0, le=600)] = 10.0
    """How long a request may take; what it asks of the stores gets less."""
    requests_in_flight: Annotated[int, Field(ge=1, le=10_000)] = 64
    """Requests that one API process works on at the same time."""
    requests_waiting: Annotated[int, Field(ge=0, le=100_000)] = 192
    """Requests that wait for their turn there; one more is refused at once."""
    streams_max: Annotated[int, Field(ge=1, le=100_000)] = 1_000
    """WebSockets and event streams that one API process keeps open."""
    oidc_issuer: _HttpUrl | None = None
    """The OpenID Connect issuer that console users sign in at. Off when not set."""
    oidc_client_id: Annotated[str, StringConstraints(min_length=1, max_length=500)] | None = None
    oidc_client_secret: Annotated[SecretStr, Field(max_length=1_000)] | None = None
    """Not set for a public client: PKCE protects either kind."""
    oidc_redirect_url: _HttpUrl | None = None
    """This installation's ``/console/callback`` as browsers reach it."""
    session_minutes: Annotated[int, Field(ge=1, le=1_440)] = 60
    """How long a console user's session lasts."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["console", "json"] = "console"

    @property
    def required_database_url(self) -> str:
        """``DATABASE_URL``.

        Raises:
            SettingsError: it is not set.
        """
        return self._required("database_url")

    @property
    def required_redis_url(self) -> str:
        """``REDIS_URL``.

        Raises:
            SettingsError: it is not set.
        """
        return self._required("redis_url")

    @property
    def required_clickhouse_url(self) -> str:
        """``CLICKHOUSE_URL``.

        Raises:
            SettingsError: it is not set.
        """
        return self._required("clickhouse_url")

    @property
    def required_secret(self) -> str:
        """``STIBNITE_SECRET`` as plain text.

        Raises:
            SettingsError: it is not set.
        """
        if self.secret is None:
            raise SettingsError(
                "STIBNITE_SECRET is not set. Give every process of one installation the same random"
                " text of at least 32 characters; `stibnite up` does so by itself."
            )
        return self.secret.get_secret_value()

    @property
    def sqlalchemy_url(self) -> str:
        """``DATABASE_URL`` as SQLAlchemy wants it: ``postgresql+psycopg://...``.

        Raises:
            SettingsError: it is not set.
        """
        _, rest = self.required_database_url.split("://", 1)
        return f"postgresql+psycopg://{rest}"

    @property
    def psycopg_url(self) -> str:
        """``DATABASE_URL`` as psycopg by itself wants it: ``postgresql://...``.

        Raises:
            SettingsError: it is not set.
        """
        _, rest = self.required_database_url.split("://", 1)
        return f"postgresql://{rest}"

    def as_environment(self) -> dict[str, str]:
        """The variables from which another process reads these very settings."""
        variables = {}
        for field in type(self).model_fields:
            value = getattr(self, field)
            if value is None:
                continue
            plain = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            variables[variable_name(field)] = plain
        return variables

    def _required(self, field: str) -> str:
        value: str | None = getattr(self, field)
        if value is None:
            raise SettingsError(
                f"{variable_name(field)} is not set. Start everything with `stibnite up`, which"
                " sets it for its processes, or set it to the server that you run yourself."
            )
        return value


@cache
def settings() -> Settings:
    """The settings of this process; the environment is read at the first call only.

    Raises:
        SettingsError: a variable has a value that cannot be used; the message names it.
    """
    try:
        return Settings()
    except ValidationError as error:
        wrong = "; ".join(_sentence(str(each["loc"][0]), each["msg"]) for each in error.errors())
        raise SettingsError(f"The environment has settings that cannot be used. {wrong}") from None


def _sentence(location: str, message: str) -> str:
    # Pydantic reports a field by its alias where it has one, else by its name.
    name = variable_name(location) if location in Settings.model_fields else location
    return f"{name}: {message.removeprefix('Value error, ')}"


def variable_name(field: str) -> str:
    """The name of the variable that fills a field."""
    return str(Settings.model_fields[field].validation_alias or f"{_PREFIX}{field.upper()}")
