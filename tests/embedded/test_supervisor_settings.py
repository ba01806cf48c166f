"""Settings: read once, from the environment, with a sentence for what is wrong."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from api.settings import Settings, SettingsError, settings

SECRET = "s" * 43


@pytest.fixture(autouse=True)
def _no_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("DATABASE_URL", "REDIS_URL", "CLICKHOUSE_URL"):
        monkeypatch.delenv(name, raising=False)
    for field in Settings.model_fields:
        monkeypatch.delenv(f"STIBNITE_{field.upper()}", raising=False)
    settings.cache_clear()
    yield
    settings.cache_clear()


def test_defaults_are_those_of_the_documentation() -> None:
    plain = settings()
    assert (plain.host, plain.port, plain.data_dir) == ("127.0.0.1", 8000, Path(".stibnite"))
    assert plain.allow_insecure_delivery is False
    given_from_outside = (plain.database_url, plain.redis_url, plain.clickhouse_url, plain.secret)
    assert given_from_outside == (None, None, None, None)


def test_the_environment_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STIBNITE_PORT", "9000")
    assert settings().port == 9000
    monkeypatch.setenv("STIBNITE_PORT", "9001")
    assert settings().port == 9000


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (
            "postgresql://u:p@h:1/d?sslmode=require",
            "postgresql+psycopg://u:p@h:1/d?sslmode=require",
        ),
        ("postgres://u@h/d", "postgresql+psycopg://u@h/d"),
        ("postgresql+psycopg://u@h/d", "postgresql+psycopg://u@h/d"),
    ],
)
def test_sqlalchemy_gets_its_own_form_of_the_url(given: str, wanted: str) -> None:
    assert Settings(database_url=given).sqlalchemy_url == wanted


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("DATABASE_URL", "mysql://me:hidden@host/db", "DATABASE_URL: a url that starts with postg"),
        ("REDIS_URL", "http://hidden", "REDIS_URL: a url that starts with redis:// is needed"),
        ("CLICKHOUSE_URL", "hidden:8123", "CLICKHOUSE_URL: a url that starts with http:// is"),
        ("STIBNITE_SECRET", "hidden", "STIBNITE_SECRET: Value should have at least 32 items"),
        ("STIBNITE_PORT", "65536", "STIBNITE_PORT: Input should be less than or equal to 65535"),
        ("STIBNITE_PORT", "hidden", "STIBNITE_PORT: Input should be a valid integer"),
        ("STIBNITE_WORKER_CONCURRENCY", "0", "STIBNITE_WORKER_CONCURRENCY: Input should be great"),
        ("STIBNITE_LOG_FORMAT", "hidden", "STIBNITE_LOG_FORMAT: Input should be 'console' or"),
    ],
)
def test_a_wrong_value_is_named_and_never_repeated(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, complaint: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        settings()
    assert complaint in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_what_is_missing_is_named_with_a_way_out() -> None:
    plain = Settings()
    for name, variable in (
        ("required_database_url", "DATABASE_URL"),
        ("required_redis_url", "REDIS_URL"),
        ("required_clickhouse_url", "CLICKHOUSE_URL"),
        ("required_secret", "STIBNITE_SECRET"),
        ("sqlalchemy_url", "DATABASE_URL"),
    ):
        with pytest.raises(SettingsError, match=f"^{variable} is not set"):
            getattr(plain, name)


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "")
    assert settings().database_url is None


def test_another_process_reads_the_same_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STIBNITE_SECRET", SECRET)
    monkeypatch.setenv("REDIS_URL", "redis://:password@127.0.0.1:1/0")
    monkeypatch.setenv("STIBNITE_ALLOW_INSECURE_DELIVERY", "1")
    monkeypatch.setenv("STIBNITE_DATA_DIR", "/somewhere else")
    ours = Settings()
    for name, value in ours.as_environment().items():
        monkeypatch.setenv(name, value)
    assert Settings() == ours
    assert ours.required_secret == SECRET


def test_neither_urls_nor_the_secret_show_and_nothing_can_be_changed() -> None:
    full = Settings.model_validate(
        {"database_url": "postgresql://u:password@h/d", "secret": SECRET, "port": 1}
    )
    assert "password" not in repr(full)
    assert SECRET not in repr(full)
    with pytest.raises(ValidationError):
        full.port = 2
