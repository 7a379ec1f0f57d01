"""Every error that a user can meet.

    WorkbenchError
    ├── InvalidInput
    │   ├── MessageTooLong
    │   ├── BodyTooLarge
    │   ├── MessageEmpty
    │   ├── ConfigInvalid
    │   ├── FileInvalid
    │   │   └── RoomFileInvalid
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
    AccessDenied as AccessDenied,
    BindNeedsAccounts as BindNeedsAccounts,
    ForeignHost as ForeignHost,
    ForeignOrigin as ForeignOrigin,
    TokenMissing as TokenMissing,
    Unauthorised as Unauthorised,
)
from core.errors.app import (
    AppNotRunning as AppNotRunning,
    ChecksFailed as ChecksFailed,
    InternalFault as InternalFault,
    PortInUse as PortInUse,
    Relayed as Relayed,
    TooMany as TooMany,
    Unforeseen as Unforeseen,
)
from core.errors.base import (
    WorkbenchError as WorkbenchError,
    by_code as by_code,
    explain as explain,
)
from core.errors.care import (
    OverQuota as OverQuota,
    RequestsUsedUp as RequestsUsedUp,
    TokensUsedUp as TokensUsedUp,
)
from core.errors.given import (
    AgentBundled as AgentBundled,
    AgentConflict as AgentConflict,
    AgentNotFound as AgentNotFound,
    BodyTooLarge as BodyTooLarge,
    CardInvalid as CardInvalid,
    ConfigInvalid as ConfigInvalid,
    Conflict as Conflict,
    FileInvalid as FileInvalid,
    FileUnusable as FileUnusable,
    IdempotencyConflict as IdempotencyConflict,
    InvalidInput as InvalidInput,
    MessageEmpty as MessageEmpty,
    MessageNotFound as MessageNotFound,
    MessageTooLong as MessageTooLong,
    ModelNotFound as ModelNotFound,
    NameTaken as NameTaken,
    NotFound as NotFound,
    NothingToUndo as NothingToUndo,
    PromptNotKept as PromptNotKept,
    RoomFileInvalid as RoomFileInvalid,
    RoomNotFound as RoomNotFound,
    SenderIsAgent as SenderIsAgent,
)
from core.errors.guests import (
    OutsideAway as OutsideAway,
    OutsideGone as OutsideGone,
    OutsidePassed as OutsidePassed,
    OutsideSilent as OutsideSilent,
)
from core.errors.halts import (
    InCircles as InCircles,
    JoulesSpent as JoulesSpent,
    RoomHalted as RoomHalted,
    SecondsSpent as SecondsSpent,
    TokensSpent as TokensSpent,
    TurnsSpent as TurnsSpent,
)
from core.errors.jobs import (
    JobDied as JobDied,
    JobInterrupted as JobInterrupted,
    JobNotFound as JobNotFound,
    JobNotResumable as JobNotResumable,
)
from core.errors.ladder import (
    ForecastTooLarge as ForecastTooLarge,
    LessContext as LessContext,
    Lessened as Lessened,
    LesserModel as LesserModel,
    LessKv as LessKv,
    LessLayers as LessLayers,
    LessPrecise as LessPrecise,
    MemoryShort as MemoryShort,
    OnProcessor as OnProcessor,
    WentOn as WentOn,
)
from core.errors.library import (
    AdaptersGone as AdaptersGone,
    DigestWrong as DigestWrong,
    NoRoomOnDisk as NoRoomOnDisk,
    NotAModel as NotAModel,
    NotInSource as NotInSource,
    SourceAway as SourceAway,
    SourceWantsToken as SourceWantsToken,
    SwitchedBack as SwitchedBack,
    TransferBroken as TransferBroken,
)
from core.errors.models import (
    AdapterMissing as AdapterMissing,
    AdapterRefused as AdapterRefused,
    AnswerEmpty as AnswerEmpty,
    CircuitOpen as CircuitOpen,
    CodeInside as CodeInside,
    EncoderAway as EncoderAway,
    FellBack as FellBack,
    FellBackToCache as FellBackToCache,
    FirstTokenTimeout as FirstTokenTimeout,
    FromCache as FromCache,
    HostUnknown as HostUnknown,
    Incapable as Incapable,
    Interrupted as Interrupted,
    KeyMissing as KeyMissing,
    KeyRefused as KeyRefused,
    LlmAbsent as LlmAbsent,
    ModelIncomplete as ModelIncomplete,
    ModelMissing as ModelMissing,
    ModelRefused as ModelRefused,
    NotForChat as NotForChat,
    OutOfMemory as OutOfMemory,
    PromptTooLong as PromptTooLong,
    ProviderError as ProviderError,
    RunnerGone as RunnerGone,
    ServerAway as ServerAway,
    ServerBusy as ServerBusy,
    ServerFault as ServerFault,
    StreamBroken as StreamBroken,
    TokenTimeout as TokenTimeout,
    WeightsPickled as WeightsPickled,
)
from core.errors.storage import (
    DatabaseDamaged as DatabaseDamaged,
    DataFolderInUse as DataFolderInUse,
    DataFolderUnwritable as DataFolderUnwritable,
    DiskFull as DiskFull,
    SchemaTooNew as SchemaTooNew,
    StorageBusy as StorageBusy,
    StorageError as StorageError,
)
