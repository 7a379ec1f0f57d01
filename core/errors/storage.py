"""What the disk or the database refused."""

from __future__ import annotations

from core.errors.base import WorkbenchError
from core.text import N_


class StorageError(WorkbenchError):
    """Params: detail."""

    code = "storage"
    status = 503
    text = N_("The data could not be stored: {detail}.")
    next_step = N_("Check the disk of the data folder; reading still works.")


class DataFolderInUse(StorageError):
    """Params: folder, pid."""

    code = "data_folder_in_use"
    text = N_("Another Engawa (process {pid}) is using the data folder {folder}.")
    next_step = N_("Close it first, or choose another folder with --storage.")


class DataFolderUnwritable(StorageError):
    """Params: folder."""

    code = "data_folder_unwritable"
    text = N_("The data folder {folder} cannot be written.")
    next_step = N_("Make it writable, or choose another folder with --storage.")


class DiskFull(StorageError):
    """Params: folder."""

    code = "disk_full"
    text = N_("The disk of {folder} is full, so nothing new is stored.")
    next_step = N_("Free some space; Engawa goes on by itself.")


class StorageBusy(StorageError):
    """Params: seconds."""

    code = "storage_busy"
    text = N_("Another program has locked the database for {seconds} s.")
    next_step = N_("Close that program and send it again.")


class SchemaTooNew(StorageError):
    """Params: found, known."""

    code = "schema_too_new"
    text = N_("The database was written by a newer Engawa (version {found}, known {known}).")
    next_step = N_("Update Engawa, or restore a backup of the older version.")


class DatabaseDamaged(StorageError):
    """Params: file, kept."""

    code = "database_damaged"
    text = N_("The database {file} was damaged; it was set aside as {kept}.")
    next_step = N_("What could be read is back; see the list of what is missing beside it.")
