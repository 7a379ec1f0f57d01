"""Every error that a user can meet.

    WorkbenchError
    ├── InvalidInput
    │   ├── MessageTooLong
    │   ├── BodyTooLarge
    │   ├── MessageEmpty
    │   ├── ConfigInvalid
    │   ├── FileInvalid
    │   ├── CardInvalid
    │   └── FileUnusable
    ├── NotFound
    │   ├── RoomNotFound
    │   ├── MessageNotFound
    │   ├── PromptNotKept
    │   ├── AgentNotFound
    │   ├── NothingToUndo
    │   ├── ModelNotFound
    │   └── JobNotFound
    ├── Conflict
    │   ├── IdempotencyConflict
    │   ├── NameTaken
    │   ├── AgentConflict
    │   ├── AgentBundled
    │   ├── SenderIsAgent
    │   └── JobNotResumable
    ├── AccessDenied
    │   ├── Unauthorised
    │   ├── TokenMissing
    │   ├── ForeignHost
    │   ├── ForeignOrigin
    │   └── BindNeedsAccounts
    ├── RoomHalted
    │   ├── TurnsSpent
    │   ├── TokensSpent
    │   ├── SecondsSpent
    │   ├── JoulesSpent
    │   └── InCircles
    ├── OutsideGone
    │   ├── OutsideAway
    │   ├── OutsideSilent
    │   └── OutsidePassed
    ├── StorageError
    │   ├── DataFolderInUse
    │   ├── DataFolderUnwritable
    │   ├── DiskFull
    │   ├── StorageBusy
    │   ├── SchemaTooNew
    │   └── DatabaseDamaged
    ├── ProviderError
    │   ├── ServerAway
    │   ├── FirstTokenTimeout
    │   ├── TokenTimeout
    │   ├── ServerBusy
    │   ├── ServerFault
    │   ├── HostUnknown
    │   ├── KeyMissing
    │   ├── KeyRefused
    │   ├── LlmAbsent
    │   ├── ModelMissing
    │   │   └── AdapterMissing
    │   ├── ModelRefused
    │   │   ├── Incapable
    │   │   ├── WeightsPickled
    │   │   ├── CodeInside
    │   │   ├── NotForChat
    │   │   ├── ModelIncomplete
    │   │   ├── AdapterRefused
    │   │   ├── PromptTooLong
    │   │   ├── NotAModel
    │   │   └── AdaptersGone
    │   ├── TransferBroken
    │   ├── SourceAway
    │   ├── NotInSource
    │   ├── SourceWantsToken
    │   ├── NoRoomOnDisk
    │   ├── DigestWrong
    │   ├── SwitchedBack
    │   ├── OutOfMemory
    │   │   ├── ForecastTooLarge
    │   │   └── MemoryShort
    │   ├── RunnerGone
    │   ├── StreamBroken
    │   ├── AnswerEmpty
    │   ├── Interrupted
    │   ├── EncoderAway
    │   ├── CircuitOpen
    │   ├── FromCache
    │   ├── Lessened
    │   │   ├── LessContext
    │   │   ├── LessKv
    │   │   ├── LessLayers
    │   │   ├── LessPrecise
    │   │   ├── LesserModel
    │   │   ├── OnProcessor
    │   │   └── WentOn
    │   └── FellBack
    │       └── FellBackToCache
    ├── OverQuota
    │   ├── RequestsUsedUp
    │   └── TokensUsedUp
    ├── JobDied
    ├── JobInterrupted
    ├── PortInUse
    ├── AppNotRunning
    ├── ChecksFailed
    ├── Relayed
    └── Unforeseen

Each has a `code` for programs, and a message and a hint for people. The texts are English
sources for the catalogues; `{field}`s are filled from `params`. Catch as broadly as you like.
"""

from __future__ import annotations

from core.errors.access import (
    AccessDenied,
    BindNeedsAccounts,
    ForeignHost,
    ForeignOrigin,
    TokenMissing,
    Unauthorised,
)
from core.errors.app import (
    AppNotRunning,
    ChecksFailed,
    InternalFault,
    PortInUse,
    Relayed,
    TooMany,
    Unforeseen,
)
from core.errors.base import (
    WorkbenchError,
    by_code,
    explain,
)
from core.errors.care import OverQuota, RequestsUsedUp, TokensUsedUp
from core.errors.given import (
    AgentBundled,
    AgentConflict,
    AgentNotFound,
    BodyTooLarge,
    CardInvalid,
    ConfigInvalid,
    Conflict,
    FileInvalid,
    FileUnusable,
    IdempotencyConflict,
    InvalidInput,
    MessageEmpty,
    MessageNotFound,
    MessageTooLong,
    ModelNotFound,
    NameTaken,
    NotFound,
    NothingToUndo,
    PromptNotKept,
    RoomNotFound,
    SenderIsAgent,
)
from core.errors.guests import OutsideAway, OutsideGone, OutsidePassed, OutsideSilent
from core.errors.halts import (
    InCircles,
    JoulesSpent,
    RoomHalted,
    SecondsSpent,
    TokensSpent,
    TurnsSpent,
)
from core.errors.jobs import JobDied, JobInterrupted, JobNotFound, JobNotResumable
from core.errors.ladder import (
    ForecastTooLarge,
    LessContext,
    Lessened,
    LesserModel,
    LessKv,
    LessLayers,
    LessPrecise,
    MemoryShort,
    OnProcessor,
    WentOn,
)
from core.errors.library import (
    AdaptersGone,
    DigestWrong,
    NoRoomOnDisk,
    NotAModel,
    NotInSource,
    SourceAway,
    SourceWantsToken,
    SwitchedBack,
    TransferBroken,
)
from core.errors.models import (
    AdapterMissing,
    AdapterRefused,
    AnswerEmpty,
    CircuitOpen,
    CodeInside,
    EncoderAway,
    FellBack,
    FellBackToCache,
    FirstTokenTimeout,
    FromCache,
    HostUnknown,
    Incapable,
    Interrupted,
    KeyMissing,
    KeyRefused,
    LlmAbsent,
    ModelIncomplete,
    ModelMissing,
    ModelRefused,
    NotForChat,
    OutOfMemory,
    PromptTooLong,
    ProviderError,
    RunnerGone,
    ServerAway,
    ServerBusy,
    ServerFault,
    StreamBroken,
    TokenTimeout,
    WeightsPickled,
)
from core.errors.storage import (
    DatabaseDamaged,
    DataFolderInUse,
    DataFolderUnwritable,
    DiskFull,
    SchemaTooNew,
    StorageBusy,
    StorageError,
)

__all__ = [
    "OutsideAway",
    "OutsideGone",
    "OutsidePassed",
    "OutsideSilent",
    "InCircles",
    "JoulesSpent",
    "RoomHalted",
    "SecondsSpent",
    "TokensSpent",
    "TurnsSpent",
    "MemoryShort",
    "WentOn",
    "OnProcessor",
    "LessPrecise",
    "LessLayers",
    "LessKv",
    "LesserModel",
    "Lessened",
    "LessContext",
    "ForecastTooLarge",
    "AccessDenied",
    "AdapterMissing",
    "AdapterRefused",
    "AdaptersGone",
    "AgentBundled",
    "AgentConflict",
    "AgentNotFound",
    "AnswerEmpty",
    "AppNotRunning",
    "BindNeedsAccounts",
    "BodyTooLarge",
    "CardInvalid",
    "ChecksFailed",
    "CircuitOpen",
    "CodeInside",
    "ConfigInvalid",
    "Conflict",
    "DataFolderInUse",
    "DataFolderUnwritable",
    "DatabaseDamaged",
    "DigestWrong",
    "DiskFull",
    "EncoderAway",
    "FellBack",
    "FellBackToCache",
    "FileInvalid",
    "FileUnusable",
    "FirstTokenTimeout",
    "ForeignHost",
    "ForeignOrigin",
    "FromCache",
    "HostUnknown",
    "IdempotencyConflict",
    "Incapable",
    "InternalFault",
    "Interrupted",
    "InvalidInput",
    "JobDied",
    "JobInterrupted",
    "JobNotFound",
    "JobNotResumable",
    "KeyMissing",
    "KeyRefused",
    "LlmAbsent",
    "MessageEmpty",
    "MessageNotFound",
    "MessageTooLong",
    "ModelIncomplete",
    "ModelMissing",
    "ModelNotFound",
    "ModelRefused",
    "NameTaken",
    "NoRoomOnDisk",
    "NotAModel",
    "NotForChat",
    "NotFound",
    "NotInSource",
    "NothingToUndo",
    "OutOfMemory",
    "OverQuota",
    "PortInUse",
    "PromptNotKept",
    "PromptTooLong",
    "ProviderError",
    "Relayed",
    "RequestsUsedUp",
    "RoomNotFound",
    "RunnerGone",
    "SchemaTooNew",
    "SenderIsAgent",
    "ServerAway",
    "ServerBusy",
    "ServerFault",
    "SourceAway",
    "SourceWantsToken",
    "StorageBusy",
    "StorageError",
    "StreamBroken",
    "SwitchedBack",
    "TokenMissing",
    "TokenTimeout",
    "TokensUsedUp",
    "TooMany",
    "TransferBroken",
    "Unauthorised",
    "Unforeseen",
    "WeightsPickled",
    "WorkbenchError",
    "by_code",
    "explain",
]
