"""Storage: tables, one writer, migrations, backups, and the check at start."""

from core.store.lock import LockHolder, holder
from core.store.report import OpenReport
from core.store.store import Store

__all__ = ["LockHolder", "OpenReport", "Store", "holder"]
