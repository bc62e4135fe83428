"""Every setting is described, listed and masked where it is a secret; the secret key is made once and kept."""

from __future__ import annotations

import os
import re
import stat
import threading
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.settings import PREFIX, Settings, named_secrets, settings_table, unknown_variables

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(PREFIX + name.upper(), raising=False)


def test_every_setting_is_described() -> None:
    undescribed = [row.variable for row in settings_table() if len(row.description) < 15]
    assert undescribed == []


def test_the_readme_lists_every_setting_and_no_other() -> None:
    written = set(re.findall(r"`(GATEWAY_[A-Z_]+(?:<NAME>)?)`", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert written == {row.variable for row in settings_table()}


def test_the_first_four_are_the_contracts() -> None:
    assert {row.variable for row in settings_table()[:4]} == {
        "GATEWAY_DATABASE_URL",
        "GATEWAY_REDIS_URL",
        "GATEWAY_DATA_DIR",
        "GATEWAY_SECRET_KEY",
    }


def test_the_environment_wins_over_defaults_and_an_empty_variable_is_none(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("GATEWAY_PORT", "9000")
    monkeypatch.setenv("GATEWAY_LANES", "critical, high")
    monkeypatch.setenv("GATEWAY_DATABASE_URL", "")
    monkeypatch.setenv("GATEWAY_DATA_DIR", str(tmp_path))
    settings = Settings()
    assert (settings.port, settings.lanes) == (9000, ("critical", "high"))
    assert settings.database == f"sqlite:///{tmp_path}/gateway.db"


def test_secrets_are_masked_wherever_settings_are_shown() -> None:
    canary = "canary-canary-canary-canary-canary"
    settings = Settings(
        secret_key=canary, database_url=f"postgresql://u:{canary}@db/x", redis_url=f"redis://:{canary}@r"
    )
    assert canary not in "".join(f"{row.value}{row.default}" for row in settings_table(settings))
    assert canary not in repr(settings)


def test_secrets_that_accounts_name_are_found_and_never_shown(monkeypatch) -> None:
    canary = "canary-canary-canary"
    monkeypatch.setenv("GATEWAY_SECRET_HUB", canary)
    monkeypatch.setenv("GATEWAY_SECRET_KEY", canary * 2)
    monkeypatch.setenv("GATEWAY_SECRET_KEY_BEFORE", canary * 3)
    assert named_secrets(os.environ) == {"HUB": canary}
    assert unknown_variables(os.environ) == []
    row = settings_table(Settings())[-1]
    assert (row.variable, row.value, row.secret) == ("GATEWAY_SECRET_<NAME>", "********", True)
    assert canary not in repr(settings_table(Settings()))


def test_a_short_secret_key_and_a_port_out_of_range_are_refused() -> None:
    with pytest.raises(ValidationError, match="at least 32"):
        Settings(secret_key="short")
    with pytest.raises(ValidationError, match="at least 32"):
        Settings(secret_key_before="short")
    with pytest.raises(ValidationError):
        Settings(port=70000)
    with pytest.raises(ValidationError, match="lane"):
        Settings(lanes="critical,urgent")


def test_misspelt_variables_are_found() -> None:
    found = unknown_variables({"GATEWAY_PROT": "1", "GATEWAY_PORT": "1", "PATH": "/bin"})
    assert found == ["GATEWAY_PROT"]


def test_the_secret_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    made: list[str] = []
    threads = [threading.Thread(target=lambda: made.append(settings.secret())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert len(set(made)) == 1
    assert len(made[0]) >= 32
    assert stat.S_IMODE((tmp_path / "var" / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in (tmp_path / "var").iterdir()] == ["secret_key"]
    assert Settings(data_dir=tmp_path / "var").secret() == made[0]


def test_a_look_for_the_secret_key_makes_none(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "var")
    assert (settings.secret_at_hand(), settings.secret_before()) == (None, None)
    assert not (tmp_path / "var").exists()
    assert settings.secret() == settings.secret_at_hand()
    told = Settings(secret_key="a" * 32, secret_key_before="b" * 32)
    assert (told.secret_at_hand(), told.secret_before()) == ("a" * 32, "b" * 32)


def test_the_deployment_examples_name_only_settings_that_there_are() -> None:
    known = {row.variable for row in settings_table()}
    for example in sorted((ROOT / "config" / "deploy").iterdir()):
        named = set(re.findall(r"GATEWAY_[A-Z_]+", example.read_text(encoding="utf-8")))
        assert named <= known, example.name


def test_a_mail_server_needs_a_sender(monkeypatch) -> None:
    monkeypatch.setenv("GATEWAY_SMTP_URL", "smtp://mail.example")
    with pytest.raises(ValidationError, match="an address beside GATEWAY_SMTP_URL"):
        Settings()
    monkeypatch.setenv("GATEWAY_SMTP_SENDER", "edi@halden.example")
    assert Settings().smtp_sender == "edi@halden.example"
