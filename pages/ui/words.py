"""The language of a tab, and small things put into words."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from core.text import _, choose_language, language, ngettext, set_language
from core.workbench import Workbench


def begin(workbench: Workbench) -> str:
    """Choose this run's language: saved choice, then ENGAWA_LANG, then the browser's."""
    header = st.context.headers.get("Accept-Language")
    code = choose_language(
        workbench.preferences.get("language", None),
        workbench.settings.lang,
        st.context.locale or header,
    )
    set_language(code)
    return code


def ago(moment: datetime | str) -> str:
    """How long ago, in the coarsest unit that says something: "3 min ago"."""
    then = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    seconds = (datetime.now(UTC) - then.astimezone(UTC)).total_seconds()
    if seconds < 60:
        return _("just now")
    if seconds < 3600:
        return ngettext("{n} minute ago", "{n} minutes ago", int(seconds // 60))
    if seconds < 86400:
        return ngettext("{n} hour ago", "{n} hours ago", int(seconds // 3600))
    return ngettext("{n} day ago", "{n} days ago", int(seconds // 86400))


def seconds(milliseconds: float) -> str:
    """A duration as people read it: "0.04 s", "3.1 s"."""
    digits = 2 if milliseconds < 1000 else 1
    return _("{value} s", value=f"{milliseconds / 1000:.{digits}f}")


def size(size_bytes: int) -> str:
    """Bytes as people read them: "2.6 GB", "31 MB", "14 kB", "0 B"."""
    if size_bytes >= 999_500_000:  # what would be rounded to 1,000 MB
        return _("{value} GB", value=f"{size_bytes / 1e9:.1f}")
    if size_bytes >= 999_500:
        return _("{value} MB", value=round(size_bytes / 1e6))
    if size_bytes >= 1_000:
        return _("{value} kB", value=round(size_bytes / 1e3))
    return _("{value} B", value=size_bytes)


def listed(names: list[str] | tuple[str, ...]) -> str:
    """Names in a row, as the language joins them."""
    return ("、" if language() == "ja" else ", ").join(names)
