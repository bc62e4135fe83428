"""Every setting of the gateway: environment variables `GATEWAY_<NAME>` over the defaults here.

Each says what it is where it is declared; `gateway doctor` and the README list them from here.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

PREFIX = "GATEWAY_"
NAMED_SECRET = f"{PREFIX}SECRET_"
"""Begins the variables of the secrets that accounts' terms name."""
_NAMED_IS = (
    "A secret that accounts' terms name: `secret: HUB` in an account.yaml is GATEWAY_SECRET_HUB, in capitals and with "
    "_ for -. Any name but KEY and KEY_BEFORE. It wins over the one that `gateway secrets set` keeps in the database. "
    "Never exported, shown or logged."
)
_HERE = Path(__file__).resolve().parent
_SECRET: dict[str, Any] = {"secret": True}


def _data_folder() -> Path:
    """`var` in the project where it runs from its folder, else in the working directory."""
    project = _HERE.parent
    return (project if (project / "pyproject.toml").is_file() else Path.cwd()) / "var"


def _names(value: Any) -> Any:
    """`critical,high` → ("critical", "high")."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_names)]


class Settings(BaseSettings):
    """What the gateway is told from outside. Sizes are bytes, times are seconds."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, frozen=True, extra="forbid")

    database_url: str = Field(
        default="",
        repr=False,
        description="SQLAlchemy URL of the database: sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME. "
        "Default: SQLite in the data folder.",
        json_schema_extra=_SECRET,
    )
    redis_url: str | None = Field(
        default=None,
        repr=False,
        description="URL of a Redis or Valkey, 6.2 or later (AOF everysec, noeviction). "
        "Default: a private Valkey in the data folder, started by `gateway up`.",
        json_schema_extra=_SECRET,
    )
    data_dir: Path = Field(
        default_factory=_data_folder,
        description="Folder of everything the gateway keeps: SQLite, the private Redis, the secret key. "
        "Default: `var` in the project.",
    )
    secret_key: SecretStr | None = Field(
        default=None,
        description="Key that signs and encrypts, at least 32 characters; the same on every machine. "
        "Default: made at the first start and kept in the data folder, readable by its owner only.",
        json_schema_extra=_SECRET,
    )
    secret_key_before: SecretStr | None = Field(
        default=None,
        description="GATEWAY_SECRET_KEY as it was until it was changed: it still opens what was encrypted under it, "
        "until `gateway secrets reencrypt` has run. Default: none.",
        json_schema_extra=_SECRET,
    )
    host: str = Field(default="127.0.0.1", description="Address the web server listens on.")
    port: int = Field(default=8080, ge=0, le=65535, description="Port the web server listens on; 0 takes a free one.")
    threads: int = Field(default=16, ge=2, le=256, description="Web threads; at most half of them wait for answers.")
    connections: int = Field(default=1000, ge=10, description="Connections the web server holds open at most.")
    workers: int = Field(default=1, ge=1, le=64, description="Worker processes that `gateway up` runs.")
    lanes: Names = Field(
        default=("critical", "high", "standard", "bulk", "delivery", "replays", "drafts"),
        description="Lanes a worker drains, most urgent first, separated by commas; `delivery` sends documents and "
        "picks orders up, `replays` has messages judged again, `drafts` tries drafts of mappings on past orders.",
    )
    delivery_threads: int = Field(
        default=64, ge=1, le=512, description="Calls to partners that one process makes at once."
    )
    delivery_per_endpoint: int = Field(
        default=8, ge=1, le=512, description="Of these, the calls to one endpoint: one that hangs holds no more."
    )
    delivery_seconds: float = Field(
        default=30, gt=0, le=600, description="How long one whole call to a partner may take."
    )
    delivery_networks: Names = Field(
        default=(),
        description="Networks that documents may be sent into, and orders picked up from, besides public addresses, in "
        "CIDR, separated by commas: "
        "`127.0.0.0/8` for development, a partner's behind a VPN. Link-local addresses are never called.",
    )
    max_body_bytes: int = Field(default=20_000_000, ge=1_000, description="Largest request body, also once unzipped.")
    max_lines: int = Field(default=20_000, ge=1, description="Most lines one order may have.")
    lease_seconds: float = Field(
        default=30, gt=0, description="How long a worker owns what it claimed; after that another takes it over."
    )
    heartbeat_seconds: float = Field(
        default=10, ge=2, description="How long a process may go without a sign of life before it is replaced."
    )
    batch_size: int = Field(default=50, ge=1, le=1000, description="Messages a worker claims at once.")
    drain_batches: int = Field(default=20, ge=1, description="Batches a worker drains for one ring of its doorbell.")
    claim_attempts: int = Field(
        default=3, ge=1, description="How often a message may end its worker before it is quarantined."
    )
    sweep_seconds: float = Field(
        default=2, gt=0, description="How often what waits without a ring, or whose lease ran out, is rung for again."
    )
    worker_max_jobs: int = Field(
        default=20_000, ge=1, description="Rings after which a worker is replaced by a new one."
    )
    worker_max_rss_bytes: int = Field(
        default=600_000_000, ge=50_000_000, description="Memory beyond which a worker is replaced by a new one."
    )
    stop_seconds: float = Field(
        default=10, gt=0, description="How long a process may take to stop before it is killed."
    )
    wait_seconds: float = Field(default=30, ge=0, le=30, description="Longest `?wait=` that an order may ask for.")
    supplier_file: Path = Field(
        default=_HERE / "supplier.yaml", description="Who we are: names, numbers and addresses, as YAML."
    )
    accounts_dir: Path = Field(
        default=_HERE.parent / "mappings" / "accounts", description="Folder of the demo accounts' folders."
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least severity that is logged."
    )
    log_format: Literal["auto", "text", "json"] = Field(
        default="auto", description="Log lines for people (text) or machines (json); auto: text on a terminal."
    )

    pickup_seconds: float = Field(
        default=30, ge=1, le=86_400, description="How often orders are looked for where they are picked up."
    )
    pickup_dir: Path | None = Field(
        default=None,
        description="Folder below which accounts' terms may name folders that are watched. "
        "Default: `pickup` in the data folder.",
    )

    smtp_url: str = Field(
        default="",
        repr=False,
        description="Our mail server, for documents and notices that leave by e-mail: smtp://USER:PASSWORD@HOST:587 "
        "(becomes encrypted by STARTTLS) or smtps://USER:PASSWORD@HOST:465. Default: none.",
        json_schema_extra=_SECRET,
    )
    smtp_sender: str = Field(default="", validate_default=True, description="Address from which those e-mails come.")
    notice_webhook: str = Field(
        default="",
        repr=False,
        description="URL that is told of what waits for our people, beside the e-mails to them. Called as webhooks of "
        "documents are: signed, public addresses and GATEWAY_DELIVERY_NETWORKS alone. Default: none.",
        json_schema_extra=_SECRET,
    )
    notice_webhook_secret: str = Field(
        default="NOTICES",
        min_length=1,
        description="Name of the secret that signs those calls: `whsec_` and 24 to 64 bytes in Base64, set by "
        "`gateway secrets set NOTICES`.",
    )
    console_url: str = Field(
        default="",
        description="Where people reach the console, such as https://gateway.example.com: links in notices begin with "
        "it. Default: none, and a link is its path alone.",
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then the environment; no dotenv file and no secrets folder decides unseen."""
        return init_settings, env_settings

    @field_validator("data_dir", "supplier_file", "accounts_dir")
    @classmethod
    def _absolute(cls, folder: Path) -> Path:
        return folder.expanduser().absolute()

    @field_validator("pickup_dir")
    @classmethod
    def _is_absolute(cls, folder: Path | None) -> Path | None:
        return None if folder is None else folder.expanduser().absolute()

    @field_validator("lanes")
    @classmethod
    def _known(cls, lanes: tuple[str, ...]) -> tuple[str, ...]:
        known = cls.model_fields["lanes"].default
        if not lanes or not set(lanes) <= set(known):
            raise ValueError(f"lanes are {', '.join(known)}")
        return lanes

    @field_validator("delivery_networks")
    @classmethod
    def _are_networks(cls, networks: tuple[str, ...]) -> tuple[str, ...]:
        for one in networks:
            ip_network(one)
        return networks

    @field_validator("smtp_sender")
    @classmethod
    def _comes_from_somebody(cls, sender: str, info: ValidationInfo) -> str:
        if info.data.get("smtp_url") and "@" not in sender:
            raise ValueError("an address beside GATEWAY_SMTP_URL")
        return sender

    @field_validator("smtp_url")
    @classmethod
    def _is_a_mail_server(cls, url: str) -> str:
        if url and not url.startswith(("smtp://", "smtps://")):
            raise ValueError("smtp://HOST or smtps://HOST")
        return url

    @field_validator("notice_webhook")
    @classmethod
    def _can_be_called(cls, url: str) -> str:
        parts = urlsplit(url)
        if url and (parts.scheme not in ("https", "http") or not parts.hostname or parts.username is not None):
            raise ValueError("https://HOST, without a user or password in it")
        return url

    @field_validator("console_url")
    @classmethod
    def _leads_to_pages(cls, url: str) -> str:
        parts = urlsplit(url)
        is_plain = not (parts.query or parts.fragment or parts.username) and url.isascii() and url.isprintable()
        if url and (parts.scheme not in ("https", "http") or not parts.hostname or not is_plain):
            raise ValueError("https://HOST, and perhaps a path")
        return url.rstrip("/")

    @field_validator("secret_key", "secret_key_before")
    @classmethod
    def _long_enough(cls, key: SecretStr | None) -> SecretStr | None:
        if key is not None and len(key.get_secret_value()) < 32:
            raise ValueError("at least 32 characters")
        return key

    @property
    def database(self) -> str:
        """The URL of the database that is really used."""
        return self.database_url or f"sqlite:///{self.data_dir / 'gateway.db'}"

    @property
    def pickups(self) -> Path:
        """The folder below which folders are watched."""
        return self.pickup_dir or self.data_dir / "pickup"

    def secret(self) -> str:
        """The secret key; made and kept in the data folder, mode 0600, where none is set."""
        if self.secret_key is not None:
            return self.secret_key.get_secret_value()
        return _kept_secret(self.secret_file)

    @property
    def secret_file(self) -> Path:
        """Where the secret key is kept where none is set."""
        return self.data_dir / "secret_key"

    def secret_at_hand(self) -> str | None:
        """The secret key, and None where none is set or was made so far."""
        return self.secret() if self.secret_key is not None or self.secret_file.exists() else None

    def secret_before(self) -> str | None:
        """The secret key before the present one."""
        return None if self.secret_key_before is None else self.secret_key_before.get_secret_value()


def _kept_secret(path: Path) -> str:
    """What `path` holds; several processes that start at once end with the same key."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = path.with_name(f".secret_key.{os.getpid()}.{secrets.token_hex(4)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as written:
            written.write(secrets.token_urlsafe(48))
            written.flush()
            os.fsync(written.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True)
class SettingRow:
    """One setting as people read it: its variable, its default, its value with secrets masked, and what it is."""

    variable: str
    default: str
    value: str
    description: str
    secret: bool


def named_secrets(environment: Mapping[str, str]) -> dict[str, str]:
    """Name → the secret that accounts' terms name so. `GATEWAY_SECRET_KEY` is a setting, and none of them,
    as is the one before it."""
    return {
        variable.removeprefix(NAMED_SECRET): value
        for variable, value in environment.items()
        if variable.startswith(NAMED_SECRET) and variable.removeprefix(PREFIX).lower() not in Settings.model_fields
    }


def settings_table(settings: Settings | None = None) -> list[SettingRow]:
    """Every setting, in the order of its declaration. Without `settings` the values are empty."""
    return list(_rows(settings))


def _rows(settings: Settings | None) -> Iterator[SettingRow]:
    for name, field in Settings.model_fields.items():
        secret = bool(isinstance(field.json_schema_extra, dict) and field.json_schema_extra.get("secret"))
        value = "" if settings is None else _shown(getattr(settings, name), secret=secret)
        yield SettingRow(PREFIX + name.upper(), _default(field), value, field.description or "", secret)
    set_names = "" if settings is None else ",".join(sorted(named_secrets(os.environ)))
    yield SettingRow(f"{NAMED_SECRET}<NAME>", "", _shown(set_names, secret=True), _NAMED_IS, True)


def _default(field: FieldInfo) -> str:
    """Empty where the description says the default in words."""
    if field.default_factory is not None or isinstance(field.default, Path):
        return ""
    return _shown(field.default, secret=False)


def _shown(value: Any, *, secret: bool) -> str:
    if value is None or value == "":
        return ""
    if secret:
        return "********"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """Variables that look like settings and are none: most likely misspelt."""
    known = {PREFIX + name.upper() for name in Settings.model_fields}
    known |= {NAMED_SECRET + name for name in named_secrets(environment)}
    return sorted(name for name in environment if name.startswith(PREFIX) and name not in known)
