"""Settings: each with its effect and its default beside it.

Precedence: arguments of a command > environment ENGAWA_* > data folder's config.yaml >
config/default.yaml > the defaults below. A wrong file is refused with line, field, expected
and found.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
)
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from core import settings_files
from core.hosts import HostKey, HostSettings
from core.paths import DataPaths


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class RoomSettings(_Group):
    """How rooms behave."""

    message_limit: int = Field(32_000, ge=1, description="Longest message in characters.")
    flush_ms: int = Field(
        50, ge=10, le=250, description="Shortest time between two stored pieces of a reply."
    )
    event_window: int = Field(
        20_000, ge=100, description="Events kept per room for subscribers that come back."
    )
    deleted_days: int = Field(30, ge=1, description="Days in which a deleted room can come back.")
    user_name: str = Field("You", min_length=1, description="Your name in rooms.")
    outside_back_s: float = Field(
        60.0,
        ge=0,
        le=3_600,
        description="How long an outside agent whose connection broke keeps its seat (seconds).",
    )
    outside_turn_s: float = Field(
        60.0,
        gt=0,
        le=3_600,
        description="How long an outside agent whose turn it is may say nothing (seconds).",
    )
    damper: Literal["meaning", "words", "never"] = Field(
        "meaning",
        description="How rooms notice that agents go in circles: `meaning` asks the sentence"
        " encoder, too (about 700 MB while agents talk to each other), `never` lets them talk.",
    )


class PriceSettings(_Group):
    """What a paid model costs, in dollars for a million tokens."""

    prompt: float = Field(0.0, ge=0, description="Tokens of the prompt.")
    completion: float = Field(0.0, ge=0, description="Tokens of the answer.")
    cached: float | None = Field(
        None, ge=0, description="Tokens of the prompt that its server had cached."
    )


class LadderSettings(_Group):
    """How one model may be asked for less."""

    on: bool = Field(True, description="Whether it is asked for less at all.")
    lesser: tuple[str, ...] = Field((), description="Models, or int8 and nf4, tried in its place.")


class ModelSettings(_Group):
    """How models are asked."""

    default: str = Field("starter", description="The model of agents that name none.")
    fallbacks: tuple[str, ...] = Field(
        (), description="Models tried in this order when an agent's own fails; then the starter."
    )
    context_tokens: int = Field(
        4096, ge=256, description="Context asked of a model (num_ctx on Ollama)."
    )
    first_token_s: float = Field(
        120.0, gt=0, description="Longest wait for the first token, loading included (seconds)."
    )
    between_tokens_s: float = Field(
        30.0, gt=0, description="Longest silence inside an answer (seconds)."
    )
    answer_tokens: int = Field(512, ge=16, description="Longest answer in tokens.")
    runner_idle_s: float = Field(
        600.0, gt=0, description="Idle seconds after which a Hugging Face model is given up."
    )
    parallel: int = Field(
        1,
        ge=1,
        le=64,
        description="Answers that one Ollama model gives at a time (OLLAMA_NUM_PARALLEL there).",
    )
    retries: int = Field(
        2, ge=0, le=5, description="Repeats after a busy or failing server, before the first token."
    )
    ladder: dict[str, LadderSettings] = Field(
        {},
        description="What is done when memory runs short, by reference (`*`: all others):"
        " `{on, lesser}`; the Models screen wins.",
    )
    prices: dict[str, PriceSettings] = Field(
        {},
        description="Dollars for a million tokens of paid models, by reference:"
        " `{prompt, completion, cached}`.",
    )
    hosts: dict[HostKey, HostSettings] = Field(
        {}, description="OpenAI-compatible servers by a name of yours: see openai.md."
    )


class CareSettings(_Group):
    """How much is asked of models, and what happens when their servers fail."""

    breaker_failures: int = Field(
        3, ge=0, description="Failures after which a model server is left alone; 0: never."
    )
    breaker_window_s: float = Field(
        600.0, gt=0, description="Time within which those failures count (seconds)."
    )
    breaker_pause_s: float = Field(
        5.0, gt=0, description="First pause before the server is tried again; doubles (seconds)."
    )
    breaker_longest_pause_s: float = Field(
        60.0, gt=0, description="Longest pause before it is tried again (seconds)."
    )
    cache: bool = Field(
        False, description="Repeat the answer to exactly the same prompt; Settings screen wins."
    )
    cache_rows: int = Field(1_000, ge=1, description="Answers kept in the cache.")
    cache_bytes: int = Field(4_000_000, ge=1_000, description="Text kept in the cache (bytes).")
    cache_days: int = Field(7, ge=1, le=3_650, description="Days that an answer is kept.")
    recover: bool = Field(
        True,
        description="Act on what is wrong with the machine, as anomaly_rules.yaml says; the"
        " Hardware screen wins.",
    )
    requests_a_minute: int = Field(
        0, ge=0, description="Messages a minute that one user gets answered; 0: any number."
    )
    tokens_a_day: int = Field(
        0, ge=0, description="Tokens of replies that one user gets a UTC day; 0: any number."
    )


class SpeechSettings(_Group):
    """What becomes of the words of agents before anybody hears them."""

    filters: tuple[str, ...] = Field(
        (), description="Groups of speech_rules.yaml that are on; the Settings screen wins."
    )


class Settings(BaseSettings):
    """All settings of one running app. Immutable."""

    model_config = SettingsConfigDict(
        env_prefix="ENGAWA_", env_nested_delimiter="__", extra="ignore", frozen=True
    )

    data_dir: Path = Field(Path("data"), description="Folder of everything that is yours.")
    host: str = Field("127.0.0.1", description="Address to listen on.")
    port: int = Field(8501, ge=1, le=65535, description="Port to listen on.")
    lang: Literal["en", "ja"] | None = Field(None, description="Language; default: the browser's.")
    ollama_url: str = Field("http://127.0.0.1:11434", description="Where Ollama listens.")
    embedding_model: str = Field(
        "", description="Folder of a sentence encoder; default: the one that is installed."
    )
    database_url: str | None = Field(
        None, description="Another database than the data folder's SQLite file."
    )
    debug: bool = Field(False, description="Write debug lines into the log.")
    rooms: RoomSettings = RoomSettings()
    models: ModelSettings = ModelSettings()
    speech: SpeechSettings = SpeechSettings()
    care: CareSettings = CareSettings()

    @property
    def paths(self) -> DataPaths:
        return DataPaths(self.data_dir.resolve())

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        files = settings_files.files(init_settings())
        names = list(settings_cls.model_fields)
        layers = [
            InitSettingsSource(settings_cls, settings_files.read(file, names)) for file in files
        ]
        return (init_settings, env_settings, *layers)


def load_settings(**overrides: Any) -> Settings:
    """Read all layers; `overrides` (of a command line) win, those that are `None` do not count.

    Raises:
        ConfigInvalid: a file or variable holds something else than expected.
    """
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(**given)
    except ValidationError as error:
        raise settings_files.explained(error, given) from None
