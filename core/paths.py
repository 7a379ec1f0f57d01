"""Every location that Engawa reads or writes.

The project's own files (config, locales, the starter model) lie beside the code;
everything of the user's lies under one data folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
CONFIG = PROJECT / "config"
TEMPLATES = CONFIG / "templates"
PROMPT_RULES = CONFIG / "prompt_rules.yaml"
SUGGESTED_MODELS = CONFIG / "models.yaml"
SPEECH_RULES = CONFIG / "speech_rules.yaml"
ANOMALY_RULES = CONFIG / "anomaly_rules.yaml"
SYSTEM_AGENTS = CONFIG / "agents" / "system"
LOCALES = PROJECT / "locales"
STARTER_MODEL = PROJECT / "data" / "starter"
STREAMLIT_APP = PROJECT / "streamlit_app.py"
SHELL_PAGE = PROJECT / "pages" / "shell.py"


@dataclass(frozen=True, slots=True)
class DataPaths:
    """The layout of one data folder. Nothing is created until `prepare` is called."""

    root: Path

    @property
    def database(self) -> Path:
        return self.root / "engawa.db"

    @property
    def backups(self) -> Path:
        """Daily copies of the database, and one before each migration."""
        return self.root / "backups"

    @property
    def set_aside(self) -> Path:
        """Damaged files, kept for the user, never deleted by Engawa."""
        return self.root / "set-aside"

    @property
    def lock(self) -> Path:
        """Held by the one process that owns this folder; contains its PID and port."""
        return self.root / "engawa.lock"

    @property
    def local_token(self) -> Path:
        return self.root / "local-token"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def agents(self) -> Path:
        return self.root / "agents"

    @property
    def models(self) -> Path:
        """Hugging Face model folders of the user, one per model."""
        return self.root / "models"

    @property
    def suggested_models(self) -> Path:
        """The user's own list of models to offer, if there is one."""
        return self.root / "models.yaml"

    @property
    def jobs(self) -> Path:
        """One folder a job, for what it needs until it is done."""
        return self.root / "jobs"

    @property
    def adapters(self) -> Path:
        """LoRA adapters, one folder each: adapters/ad_NAME."""
        return self.root / "adapters"

    @property
    def templates(self) -> Path:
        """The user's prompt templates, if there are any."""
        return self.root / "templates"

    @property
    def prompt_rules(self) -> Path:
        """The user's own rules for choosing a template, if there are any."""
        return self.root / "prompt_rules.yaml"

    @property
    def anomaly_rules(self) -> Path:
        """The user's own rules for what is wrong with the machine, if there are any."""
        return self.root / "anomaly_rules.yaml"

    @property
    def speech_rules(self) -> Path:
        """The user's own rules for what agents say, if there are any."""
        return self.root / "speech_rules.yaml"

    @property
    def user_config(self) -> Path:
        return self.root / "config.yaml"

    def prepare(self) -> None:
        """Create the folder and its subfolders.

        Raises:
            OSError: the folder cannot be created (the caller names it to the user).
        """
        if not self.root.exists():
            # Conversations are nobody else's business on a machine with several users.
            self.root.mkdir(parents=True, mode=0o700)
        for folder in (self.backups, self.logs, self.agents, self.models, self.adapters):
            folder.mkdir(parents=True, exist_ok=True)
