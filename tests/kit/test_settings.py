"""Settings come from the environment, or fail in words that name the variable."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from taxlien.kit.settings import KitSettings, SettingsError, read_settings

SECRET = "0123456789abcdef"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in KitSettings.model_fields:
        monkeypatch.delenv(f"TAXLIEN_{name.upper()}", raising=False)


def test_everything_has_a_default_or_is_unset() -> None:
    settings = read_settings(KitSettings)
    assert settings.database_url is None
    assert settings.home == Path(".taxlien")
    assert (settings.log_level, settings.log_format) == ("info", "json")


def test_values_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXLIEN_BUS_URL", "nats://localhost:4222")
    monkeypatch.setenv("TAXLIEN_LOG_LEVEL", "debug")
    monkeypatch.setenv("TAXLIEN_CACHE_URL", "")
    settings = read_settings(KitSettings)
    assert settings.require("bus_url") == "nats://localhost:4222"
    assert settings.log_level == "debug"
    assert settings.cache_url is None, "an empty variable is one that is not set"


def test_a_missing_value_is_named_with_what_it_should_be() -> None:
    with pytest.raises(SettingsError, match="TAXLIEN_DATABASE_URL is not set: where PostgreSQL is"):
        read_settings(KitSettings).require("database_url")


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("DATABASE_URL", "mysql://h/d", "must look like postgresql://"),
        ("CACHE_URL", "localhost:6379", "must look like redis://"),
        ("BUS_URL", "nats://", "must look like nats://"),
        ("OBJECTS_URL", "/tmp/x", "must look like s3://"),
        ("LOG_LEVEL", "loud", "'debug', 'info', 'warning' or 'error'"),
        ("SERVICE_SECRET", "short", "at least 16"),
    ],
)
def test_a_malformed_value_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    monkeypatch.setenv(f"TAXLIEN_{variable}", value)
    with pytest.raises(SettingsError) as caught:
        read_settings(KitSettings)
    message = str(caught.value)
    assert message.startswith(f"TAXLIEN_{variable} is malformed: ")
    assert said in message
    assert value not in message.replace("loud", "") or variable == "BUS_URL"


def test_every_bad_variable_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXLIEN_LOG_FORMAT", "xml")
    monkeypatch.setenv("TAXLIEN_BUS_URL", "amqp://h")
    with pytest.raises(SettingsError, match=r"TAXLIEN_BUS_URL.*; TAXLIEN_LOG_FORMAT"):
        read_settings(KitSettings)


def test_secrets_stay_out_of_what_is_printed() -> None:
    settings = KitSettings(
        database_url="postgresql://owner:hunter2@h/db",
        cache_url="redis://:hunter2@h",
        service_secret="hunter2hunter2hunter2",
        objects_secret_key="hunter2",
    )
    assert "hunter2" not in repr(settings)
    assert "hunter2" not in str(settings)


def test_a_service_connects_as_its_own_role() -> None:
    settings = KitSettings(
        database_url="postgresql://owner:p%40ss@db.example.org:5433/taxlien?sslmode=require",
        service_secret=SECRET,
    )
    password = settings.database_password_for("liens")
    assert len(password) == 32
    assert settings.database_url_for("liens") == (
        f"postgresql://taxlien_liens:{password}@db.example.org:5433/taxlien?sslmode=require"
    )
    assert settings.database_password_for("search") != password
    assert KitSettings(service_secret=SECRET + "x").database_password_for("liens") != password


def test_a_socket_address_keeps_its_folder() -> None:
    settings = KitSettings(database_url="postgresql:///taxlien?host=/run/pg", service_secret=SECRET)
    assert settings.database_url_for("liens").endswith("@/taxlien?host=/run/pg")


def test_a_service_may_have_a_cluster_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TAXLIEN_SEARCH_DATABASE_URL", "postgresql://x@elsewhere/search")
    assert KitSettings().database_url_for("search") == "postgresql://x@elsewhere/search"
    with pytest.raises(SettingsError, match="TAXLIEN_DATABASE_URL"):
        KitSettings().database_url_for("liens")


def test_no_secret_no_passwords() -> None:
    with pytest.raises(SettingsError, match="TAXLIEN_SERVICE_SECRET is not set"):
        KitSettings(database_url="postgresql://h/d").database_url_for("liens")


def test_a_service_reads_its_own_settings_in_the_same_words(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class MailSettings(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="TAXLIEN_MAIL_", hide_input_in_errors=True)

        host: str = Field(description="where mail is handed over")
        port: int = 25

    monkeypatch.setenv("TAXLIEN_MAIL_PORT", "many")
    with pytest.raises(SettingsError) as caught:
        read_settings(MailSettings)
    assert "TAXLIEN_MAIL_HOST is not set (where mail is handed over)" in str(caught.value)
    assert "TAXLIEN_MAIL_PORT is malformed" in str(caught.value)
    monkeypatch.setenv("TAXLIEN_MAIL_PORT", "2525")
    monkeypatch.setenv("TAXLIEN_MAIL_HOST", "localhost")
    assert read_settings(MailSettings).port == 2525
