# Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

"""Types of the API, for type checkers and editors (Python 3.11 and later)."""
from __future__ import annotations

from typing import Any, Dict, List, Literal, NotRequired, Optional, TypedDict, Union

class AcceptInvitationResult(TypedDict):
    workspace: Dict[str, Any]

class ActedOnMessage(TypedDict):
    messageId: str
    waMessageId: str
    chat: str
    status: Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]
    state: Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]

class ActedOnMessages(TypedDict):
    messages: List[ActedOnMessage]

class AddOptOutRequest(TypedDict):
    to: str
    note: NotRequired[str]

class AddRecipientsRequest(TypedDict):
    recipients: NotRequired[List[Union[str, Dict[str, Any]]]]
    contacts: NotRequired[Dict[str, Any]]
    chats: NotRequired[Dict[str, Any]]
    group: NotRequired[Dict[str, Any]]

class AddWorkerRequest(TypedDict):
    endpoint: str
    maxSessions: NotRequired[int]
    workerId: NotRequired[str]
    network: NotRequired[Literal["live", "sandbox"]]
    description: NotRequired[str]

class AddWorkerResult(TypedDict):
    workerId: str
    id: str
    endpoint: str
    status: Literal["online", "offline", "maintenance", "pending"]
    state: Literal["ready", "stopping", "offline", "pending", "cordoned", "draining", "maintenance", "retired"]
    network: Literal["live", "sandbox"]
    sessionCount: int
    maxSessions: int
    cpuUsage: float
    memoryUsage: float
    lastHeartbeat: Union[str, None]
    revision: str
    description: Union[str, None]

class AddedRecipients(TypedDict):
    added: int
    duplicates: int
    refused: int
    refusals: List[Dict[str, Any]]
    total: int

class AdminSession(TypedDict):
    id: str
    sessionId: str
    name: str
    status: Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error"]
    state: Literal["initializing", "connecting", "qr_required", "pairing_code", "pairing", "passkey_required", "passkey_confirmation_required", "connected", "stale", "reconnecting", "conflict", "restricted", "banned", "logged_out", "stopped", "error"]
    reason: Union[str, None]
    network: Literal["live", "sandbox"]
    phoneNumber: Union[str, None]
    pushName: Union[str, None]
    workerId: Union[str, None]
    lastSeenAt: Union[str, None]
    restriction: Union[Dict[str, Any], None]
    messageCapping: Union[MessageCapping, None]
    risk: Union[RiskSummary, None]
    settings: SessionSettings
    isDefault: bool
    createdAt: str
    workspace: Dict[str, Any]
    owner: Dict[str, Any]

class AdminSessionDetail(TypedDict):
    id: str
    sessionId: str
    name: str
    status: Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error"]
    state: Literal["initializing", "connecting", "qr_required", "pairing_code", "pairing", "passkey_required", "passkey_confirmation_required", "connected", "stale", "reconnecting", "conflict", "restricted", "banned", "logged_out", "stopped", "error"]
    reason: Union[str, None]
    network: Literal["live", "sandbox"]
    phoneNumber: Union[str, None]
    pushName: Union[str, None]
    workerId: Union[str, None]
    lastSeenAt: Union[str, None]
    restriction: Union[Dict[str, Any], None]
    messageCapping: Union[MessageCapping, None]
    risk: Union[RiskSummary, None]
    settings: SessionSettings
    isDefault: bool
    createdAt: str
    workspace: Dict[str, Any]
    owner: Dict[str, Any]
    desiredState: Literal["running", "stopped"]
    stateCode: Union[str, None]
    connectedAt: Union[str, None]
    pairedAt: Union[str, None]
    placement: Dict[str, Any]
    counts: Dict[str, Any]

class AdminUsageRecord(TypedDict):
    userId: str
    email: str
    tier: str
    month: Union[str, None]
    sessionId: Union[str, None]
    sessionName: Union[str, None]
    keyId: Union[str, None]
    keyName: Union[str, None]
    hits: int
    messagesSent: int
    messagesReceived: int

AdminUsageResult = TypedDict("AdminUsageResult", {
    "from": "str",
    "to": "str",
    "groupBy": "List[Literal[\"month\", \"session\", \"key\"]]",
    "records": "List[AdminUsageRecord]",
    "totals": "Dict[str, Any]",
    "pagination": "Pagination",
})

class AdminUser(TypedDict):
    id: str
    email: str
    name: str
    role: Literal["customer", "administrator"]
    tier: Literal["basic", "pro", "max"]
    emailVerified: bool
    createdAt: str
    isActive: bool
    sessionCount: int
    lastLoginAt: Union[str, None]
    updatedAt: str

class AdminUserDetail(TypedDict):
    id: str
    email: str
    name: str
    role: Literal["customer", "administrator"]
    tier: Literal["basic", "pro", "max"]
    emailVerified: bool
    createdAt: str
    isActive: bool
    sessionCount: int
    lastLoginAt: Union[str, None]
    updatedAt: str
    counts: Dict[str, Any]

class AlbumTemplate(TypedDict):
    type: Literal["album"]
    items: List[Dict[str, Any]]

class AnswerRequest(TypedDict):
    response: Literal["going", "notGoing", "maybe"]
    extraGuests: NotRequired[int]
    clientMessageId: NotRequired[str]

class AudioTemplate(TypedDict):
    type: Literal["audio"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    voice: NotRequired[bool]
    viewOnce: NotRequired[bool]

class AuditEntry(TypedDict):
    id: str
    createdAt: str
    action: str
    actor: Dict[str, Any]
    resource: Dict[str, Any]
    workspaceId: Union[str, None]
    ip: Union[str, None]
    requestId: Union[str, None]
    before: Union[Dict[str, Any], None]
    after: Union[Dict[str, Any], None]

class Autoscaling(TypedDict):
    networks: List[Dict[str, Any]]
    hints: Dict[str, Any]

class Broadcast(TypedDict):
    broadcastId: str
    name: str
    status: Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]
    sessionIds: List[str]
    messages: List[Dict[str, Any]]
    variables: List[str]
    counts: BroadcastCounts
    progress: float
    isSettled: bool
    waitsFor: Optional[Literal["no_session", "tier_limit", "time_lock", "queue_full", "at_risk"]]
    reason: Union[str, None]
    waitsUntil: Union[str, None]
    metadata: Union[Dict[str, Any], None]
    scheduledAt: Union[str, None]
    startedAt: Union[str, None]
    endedAt: Union[str, None]
    createdAt: str

class BroadcastCompletedEvent(TypedDict):
    id: str
    event: Literal["broadcast.completed"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class BroadcastCounts(TypedDict):
    total: int
    pending: int
    queued: int
    sent: int
    failed: int
    unknown: int
    skipped: int
    cancelled: int
    invalid: int

class BroadcastPreview(TypedDict):
    to: str
    variant: int
    type: str
    text: Union[str, None]
    content: Union[Dict[str, Any], None]
    missing: List[str]
    skippedBecause: Union[str, None]

class BroadcastProgressEvent(TypedDict):
    id: str
    event: Literal["broadcast.progress"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class BroadcastReport(TypedDict):
    broadcast: Broadcast
    delivered: int
    read: int
    reasons: List[Dict[str, Any]]
    recipients: List[BroadcastReportRow]
    pagination: CursorPagination

class BroadcastReportRow(TypedDict):
    position: int
    line: Union[int, None]
    recipient: str
    jid: Union[str, None]
    name: Union[str, None]
    state: Literal["pending", "queued", "sent", "failed", "unknown", "skipped", "cancelled", "invalid"]
    reason: Union[str, None]
    sessionId: Union[str, None]
    variant: Union[int, None]
    messageId: Union[str, None]
    messageState: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]]
    sentAt: Union[str, None]
    deliveredAt: Union[str, None]
    readAt: Union[str, None]

class BulkAnswer(TypedDict):
    accepted: int
    replayed: int
    refused: int
    results: List[BulkResult]

class BulkRequest(TypedDict):
    sessionId: NotRequired[str]
    messages: List[SendRequest]

class BulkResult(TypedDict):
    index: int
    clientMessageId: NotRequired[str]
    accepted: bool
    messageId: NotRequired[str]
    waMessageId: NotRequired[str]
    status: NotRequired[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]]
    state: NotRequired[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    schedule: NotRequired[Schedule]
    expiresAt: NotRequired[str]
    parts: NotRequired[List[Dict[str, Any]]]
    chat: NotRequired[str]
    identities: NotRequired[MessageIdentities]
    risk: NotRequired[RiskWarning]
    error: NotRequired[Dict[str, Any]]
    replayed: NotRequired[bool]
    refusal: NotRequired[Dict[str, Any]]

class BusinessProfile(TypedDict):
    description: Union[str, None]
    category: Union[str, None]
    email: Union[str, None]
    address: Union[str, None]
    websites: List[str]

class ButtonsTemplate(TypedDict):
    type: Literal["buttons"]
    text: str
    title: NotRequired[str]
    footer: NotRequired[str]
    buttons: List[Dict[str, Any]]

class CallAcceptedEvent(TypedDict):
    id: str
    event: Literal["call.accepted"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class CallEndedEvent(TypedDict):
    id: str
    event: Literal["call.ended"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class CallMissedEvent(TypedDict):
    id: str
    event: Literal["call.missed"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class CallReceivedEvent(TypedDict):
    id: str
    event: Literal["call.received"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class CallRejectedEvent(TypedDict):
    id: str
    event: Literal["call.rejected"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ChangeConsentSettingsRequest(TypedDict):
    isActive: NotRequired[bool]
    optOutKeywords: NotRequired[List[str]]
    optInKeywords: NotRequired[List[str]]
    optOutReply: NotRequired[Union[str, None]]
    optInReply: NotRequired[Union[str, None]]

class ChangeMemberRequest(TypedDict):
    role: str

class ChangeNoticeSettingsRequest(TypedDict):
    delaySeconds: NotRequired[Union[int, None]]
    kinds: NotRequired[List[Literal["down", "logged_out", "banned", "restricted", "capped", "at_risk", "webhook_off", "webhook_down"]]]
    roles: NotRequired[List[Literal["owner", "operator", "viewer"]]]
    ends: NotRequired[bool]

class ChangePasswordRequest(TypedDict):
    currentPassword: str
    newPassword: str

class ChangeResult(TypedDict):
    messageId: str
    waMessageId: str
    changeId: str
    status: Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]
    state: Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]
    chat: NotRequired[str]
    identities: NotRequired[MessageIdentities]
    error: NotRequired[Dict[str, Any]]

class Channel(TypedDict):
    id: str
    name: str
    description: str
    inviteCode: Union[str, None]
    inviteLink: Union[str, None]
    followers: int
    isVerified: bool
    pictureUrl: Union[str, None]
    state: Literal["active", "suspended", "geosuspended", "deleted"]
    role: Literal["owner", "admin", "follower", "guest"]
    isMuted: bool
    createdAt: Union[str, None]

class ChannelDeletedEvent(TypedDict):
    id: str
    event: Literal["channel.deleted"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ChannelFollowedEvent(TypedDict):
    id: str
    event: Literal["channel.followed"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ChannelPost(TypedDict):
    serverId: str
    waMessageId: Union[str, None]
    type: str
    text: Union[str, None]
    fromMe: bool
    postedAt: Union[str, None]
    views: int
    reactions: List[Dict[str, Any]]

class ChannelUnfollowedEvent(TypedDict):
    id: str
    event: Literal["channel.unfollowed"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ChannelUpdatedEvent(TypedDict):
    id: str
    event: Literal["channel.updated"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class Chat(TypedDict):
    chat: str
    sessionId: str
    isGroup: bool
    name: Union[str, None]
    identity: Identity
    unreadCount: int
    isArchived: bool
    isPinned: bool
    isMuted: bool
    mutedUntil: Union[str, None]
    isMarkedUnread: bool
    labels: List[Label]
    lastMessage: NotRequired[Message]
    lastActivityAt: str

class ChatClearedEvent(TypedDict):
    id: str
    event: Literal["chat.cleared"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ChatDeletedEvent(TypedDict):
    id: str
    event: Literal["chat.deleted"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ChatReadEvent(TypedDict):
    id: str
    event: Literal["chat.read"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ChatSettings(TypedDict):
    chat: str
    isArchived: bool
    isPinned: bool
    isMuted: bool
    mutedUntil: Union[str, None]
    isMarkedUnread: bool

class ChatUpdatedEvent(TypedDict):
    id: str
    event: Literal["chat.updated"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ConnectionCloseEvent(TypedDict):
    id: str
    event: Literal["connection.close"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ConnectionOpenEvent(TypedDict):
    id: str
    event: Literal["connection.open"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ConsentEntry(TypedDict):
    id: str
    identity: Identity
    action: Literal["out", "in"]
    source: Literal["keyword", "rule", "api", "import"]
    by: Union[str, None]
    sessionId: Union[str, None]
    messageId: Union[str, None]
    text: Union[str, None]
    createdAt: str

class ConsentSettings(TypedDict):
    isActive: bool
    optOutKeywords: List[str]
    optInKeywords: List[str]
    optOutReply: Union[str, None]
    optInReply: Union[str, None]

class Contact(TypedDict):
    contactId: str
    name: Union[str, None]
    names: Dict[str, Any]
    phoneNumber: Union[str, None]
    lid: Union[str, None]
    jids: List[str]
    isBusiness: bool
    picture: Union[Dict[str, Any], None]
    labels: List[str]
    mergedContactIds: List[str]
    firstSeenAt: str
    lastSeenAt: str

class ContactBlockedEvent(TypedDict):
    id: str
    event: Literal["contact.blocked"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Identity
    metadata: Dict[str, Any]
    signature: str

class ContactIdentityChangedEvent(TypedDict):
    id: str
    event: Literal["contact.identity_changed"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Identity
    metadata: Dict[str, Any]
    signature: str

class ContactMergedEvent(TypedDict):
    id: str
    event: Literal["contact.merged"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class ContactProfile(TypedDict):
    contactId: Union[str, None]
    phoneNumber: Union[str, None]
    lid: Union[str, None]
    jid: str
    name: Union[str, None]
    pictureUrl: Union[str, None]
    isBusiness: bool
    business: Union[BusinessProfile, None]
    checkedAt: str
    ageSeconds: int

class ContactTemplate(TypedDict):
    type: Literal["contact"]
    contacts: List[Dict[str, Any]]

class ContactUnblockedEvent(TypedDict):
    id: str
    event: Literal["contact.unblocked"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Identity
    metadata: Dict[str, Any]
    signature: str

class ContactUpdatedEvent(TypedDict):
    id: str
    event: Literal["contact.updated"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class CreateBroadcastRequest(TypedDict):
    name: NotRequired[str]
    sessionIds: NotRequired[List[str]]
    message: NotRequired[Union[str, MessageTemplate]]
    variants: NotRequired[List[Union[str, MessageTemplate]]]
    recipients: NotRequired[List[Union[str, Dict[str, Any]]]]
    contacts: NotRequired[Dict[str, Any]]
    chats: NotRequired[Dict[str, Any]]
    group: NotRequired[Dict[str, Any]]
    metadata: NotRequired[Dict[str, Any]]
    scheduledAt: NotRequired[str]
    start: NotRequired[bool]

class CreateHttpSessionWebhookRequest(TypedDict):
    type: NotRequired[Literal["http", "rabbitmq", "nats", "kafka", "sqs", "redis"]]
    url: str
    headers: NotRequired[Union[Dict[str, Any], None]]
    basicAuth: NotRequired[Union[Dict[str, Any], None]]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]

class CreateHttpWebhookRequest(TypedDict):
    type: NotRequired[Literal["http", "rabbitmq", "nats", "kafka", "sqs", "redis"]]
    url: str
    headers: NotRequired[Union[Dict[str, Any], None]]
    basicAuth: NotRequired[Union[Dict[str, Any], None]]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]
    sessionId: NotRequired[str]

class CreateKafkaSessionWebhookRequest(TypedDict):
    type: Literal["kafka"]
    url: str
    brokers: NotRequired[List[str]]
    topic: str
    mechanism: NotRequired[Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]

class CreateKafkaWebhookRequest(TypedDict):
    type: Literal["kafka"]
    url: str
    brokers: NotRequired[List[str]]
    topic: str
    mechanism: NotRequired[Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]
    sessionId: NotRequired[str]

class CreateKeyRequest(TypedDict):
    name: str
    scope: NotRequired[Literal["session", "workspace", "admin"]]
    sessionId: NotRequired[str]
    role: NotRequired[str]
    permissions: NotRequired[List[Literal["messages.send", "logs.view", "media.view", "media.upload", "broadcasts.manage", "users.manage", "webhooks.manage", "system.manage"]]]
    expiresAt: NotRequired[Union[str, None]]
    allowedIps: NotRequired[List[str]]

class CreateNatsSessionWebhookRequest(TypedDict):
    type: Literal["nats"]
    url: str
    subject: NotRequired[str]
    stream: NotRequired[str]
    credentials: NotRequired[str]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]

class CreateNatsWebhookRequest(TypedDict):
    type: Literal["nats"]
    url: str
    subject: NotRequired[str]
    stream: NotRequired[str]
    credentials: NotRequired[str]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]
    sessionId: NotRequired[str]

class CreateRabbitmqSessionWebhookRequest(TypedDict):
    type: Literal["rabbitmq"]
    url: str
    exchange: str
    routingKey: NotRequired[str]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]

class CreateRabbitmqWebhookRequest(TypedDict):
    type: Literal["rabbitmq"]
    url: str
    exchange: str
    routingKey: NotRequired[str]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]
    sessionId: NotRequired[str]

class CreateRedisSessionWebhookRequest(TypedDict):
    type: Literal["redis"]
    url: str
    stream: NotRequired[str]
    maxLength: NotRequired[int]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]

class CreateRedisWebhookRequest(TypedDict):
    type: Literal["redis"]
    url: str
    stream: NotRequired[str]
    maxLength: NotRequired[int]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]
    sessionId: NotRequired[str]

class CreateRuleRequest(TypedDict):
    name: str
    match: Literal["contains", "exact", "startsWith", "regex"]
    patterns: List[str]
    isActive: NotRequired[bool]
    priority: NotRequired[int]
    sessionIds: NotRequired[List[str]]
    inGroups: NotRequired[bool]
    hours: NotRequired[Union[Dict[str, Any], None]]
    cooldownSeconds: NotRequired[int]
    reply: NotRequired[Union[str, MessageTemplate, None]]
    quotes: NotRequired[bool]
    event: NotRequired[bool]
    label: NotRequired[Union[str, None]]
    optOut: NotRequired[bool]

class CreateSessionKeyRequest(TypedDict):
    name: str
    role: NotRequired[str]
    permissions: NotRequired[List[Literal["messages.send", "logs.view", "media.view", "media.upload", "broadcasts.manage", "users.manage", "webhooks.manage", "system.manage"]]]
    expiresAt: NotRequired[Union[str, None]]
    allowedIps: NotRequired[List[str]]

class CreateSessionRequest(TypedDict):
    name: str
    sessionId: NotRequired[str]
    network: NotRequired[Literal["live", "sandbox"]]
    webhook: NotRequired[WebhookRequest]
    settings: NotRequired[SessionSettingsChange]

class CreateSessionResult(TypedDict):
    id: str
    sessionId: str
    name: str
    status: Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error"]
    state: Literal["initializing", "connecting", "qr_required", "pairing_code", "pairing", "passkey_required", "passkey_confirmation_required", "connected", "stale", "reconnecting", "conflict", "restricted", "banned", "logged_out", "stopped", "error"]
    reason: Union[str, None]
    network: Literal["live", "sandbox"]
    phoneNumber: Union[str, None]
    pushName: Union[str, None]
    workerId: Union[str, None]
    lastSeenAt: Union[str, None]
    restriction: Union[Dict[str, Any], None]
    messageCapping: Union[MessageCapping, None]
    risk: Union[RiskSummary, None]
    settings: SessionSettings
    isDefault: bool
    createdAt: str
    apiKey: str
    webhook: NotRequired[WebhookWithSecret]

CreateSessionWebhookRequest = Union["CreateHttpSessionWebhookRequest", "CreateRabbitmqSessionWebhookRequest", "CreateNatsSessionWebhookRequest", "CreateKafkaSessionWebhookRequest", "CreateSqsSessionWebhookRequest", "CreateRedisSessionWebhookRequest"]

class CreateSqsSessionWebhookRequest(TypedDict):
    type: Literal["sqs"]
    url: str
    region: NotRequired[str]
    accessKeyId: str
    secretAccessKey: str
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]

class CreateSqsWebhookRequest(TypedDict):
    type: Literal["sqs"]
    url: str
    region: NotRequired[str]
    accessKeyId: str
    secretAccessKey: str
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    secret: NotRequired[str]
    sessionId: NotRequired[str]

class CreateUserRequest(TypedDict):
    email: str
    password: str
    name: NotRequired[str]
    role: NotRequired[Literal["administrator", "ADMINISTRATOR", "admin", "ADMIN", "customer", "CUSTOMER", "user", "USER"]]
    tier: NotRequired[Literal["basic", "BASIC", "pro", "PRO", "max", "MAX"]]

CreateWebhookRequest = Union["CreateHttpWebhookRequest", "CreateRabbitmqWebhookRequest", "CreateNatsWebhookRequest", "CreateKafkaWebhookRequest", "CreateSqsWebhookRequest", "CreateRedisWebhookRequest"]

class CreatedBroadcast(TypedDict):
    broadcastId: str
    name: str
    status: Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]
    sessionIds: List[str]
    messages: List[Dict[str, Any]]
    variables: List[str]
    counts: BroadcastCounts
    progress: float
    isSettled: bool
    waitsFor: Optional[Literal["no_session", "tier_limit", "time_lock", "queue_full", "at_risk"]]
    reason: Union[str, None]
    waitsUntil: Union[str, None]
    metadata: Union[Dict[str, Any], None]
    scheduledAt: Union[str, None]
    startedAt: Union[str, None]
    endedAt: Union[str, None]
    createdAt: str
    recipients: AddedRecipients

class CreatedKeyResult(TypedDict):
    key: Key
    apiKey: str

class CsrfResult(TypedDict):
    csrfToken: str

class CursorPagination(TypedDict):
    nextCursor: Union[str, None]
    hasMore: bool

DashboardHistory = TypedDict("DashboardHistory", {
    "scope": "Literal[\"workspace\", \"platform\"]",
    "by": "Literal[\"day\", \"week\", \"month\"]",
    "from": "str",
    "to": "str",
    "messages": "List[Dict[str, Any]]",
    "topContacts": "List[Dict[str, Any]]",
    "failures": "List[Dict[str, Any]]",
    "responseTimes": "List[Dict[str, Any]]",
    "apiUsage": "List[Dict[str, Any]]",
})

class DashboardMetrics(TypedDict):
    scope: Literal["workspace", "platform"]
    timestamp: str
    connection: Dict[str, Any]
    queues: Dict[str, Any]
    messagesSentToday: int
    messagesFailedToday: int
    successRate: float
    activeBroadcasts: int
    webhooks: Dict[str, Any]
    system: Dict[str, Any]

DefaultSessionBody = Union[Dict[str, Any], None]

class DeleteBroadcastResult(TypedDict):
    broadcastId: str
    deleted: Literal[True]

class DeleteContactResult(TypedDict):
    contactId: Union[str, None]
    deleted: Literal[True]
    erasedMessages: int

class DeleteRuleResult(TypedDict):
    ruleId: str
    deleted: Literal[True]

class DeleteSessionResult(TypedDict):
    sessionId: str
    deleted: Literal[True]
    unlinked: bool
    deletionId: NotRequired[str]

class DeleteUserResult(TypedDict):
    userId: str
    deleted: Literal[True]
    sessions: Dict[str, Any]
    deletionId: NotRequired[str]

class DeleteWorkspaceResult(TypedDict):
    workspaceId: str
    deleted: Literal[True]
    sessions: List[Dict[str, Any]]
    deletionId: NotRequired[str]

class Deletion(TypedDict):
    deletionId: str
    kind: Literal["session", "workspace", "user", "webhook"]
    resourceId: str
    state: Literal["requested", "erasing", "done"]
    rowsErased: int
    requestedAt: str
    removedAt: Union[str, None]
    doneAt: Union[str, None]

class Delivery(TypedDict):
    status: Literal["pending", "retrying", "delivered", "failed"]
    attempts: int
    nextAttemptAt: NotRequired[str]
    deliveredAt: NotRequired[str]
    responseCode: NotRequired[int]
    lastError: NotRequired[str]

class DocumentTemplate(TypedDict):
    type: Literal["document"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    caption: NotRequired[str]

Done = Dict[str, Any]

class EditMessageRequest(TypedDict):
    text: str
    mentions: NotRequired[List[str]]
    clientMessageId: NotRequired[str]

class EndLoginsResult(TypedDict):
    ended: int

class EndedLogins(TypedDict):
    endedLogins: int

class EngineEventEvent(TypedDict):
    id: str
    event: Literal["engine.event"]
    timestamp: int
    sessionId: str
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    seq: int

class Error(TypedDict):
    success: Literal[False]
    status: Literal["error"]
    error: str
    code: Literal["VALIDATION", "INVALID_JSON", "BAD_REQUEST", "MESSAGE_TYPE_UNSUPPORTED", "INVALID_RECIPIENT", "WEBHOOK_URL_REFUSED", "WEBHOOK_HEADER_REFUSED", "WORKER_ENDPOINT_REFUSED", "MAIL_TOKEN_INVALID", "MAIL_OFF", "WORKER_UNREACHABLE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "INVALID_CREDENTIALS", "REFRESH_TOKEN_INVALID", "REFRESH_TOKEN_REUSED", "ACCOUNT_DISABLED", "FORBIDDEN", "CSRF", "IP_DENIED", "HTTPS_REQUIRED", "WORKER_REMOVED", "WORKSPACE_LIMIT", "WEBHOOK_LIMIT", "TIER_SESSION_LIMIT", "ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED", "ERROR_CODE_NOT_FOUND", "SESSION_NOT_FOUND", "BROADCAST_NOT_FOUND", "OPT_OUT_NOT_FOUND", "RULE_NOT_FOUND", "CONTACT_NOT_FOUND", "LABEL_NOT_FOUND", "CALL_NOT_FOUND", "MESSAGE_NOT_FOUND", "DELETION_NOT_FOUND", "MEDIA_NOT_FOUND", "MESSAGE_DELETED", "MESSAGE_NOT_SENT", "MESSAGE_NOT_WAITING", "CHANGE_TOO_LATE", "CHANGE_NOT_POSSIBLE", "MESSAGE_NOT_FORWARDABLE", "WA_MESSAGE_ID_TAKEN", "USER_NOT_FOUND", "WORKSPACE_NOT_FOUND", "MEMBER_NOT_FOUND", "INVITATION_NOT_FOUND", "KEY_NOT_FOUND", "LOGIN_NOT_FOUND", "LOGIN_LOCK_NOT_FOUND", "DELIVERY_NOT_FOUND", "DELIVERY_PENDING", "WEBHOOK_OFF", "WEBHOOK_NOT_FOUND", "WORKER_NOT_FOUND", "EMAIL_TAKEN", "MEMBER_EXISTS", "LAST_OWNER", "LAST_WORKSPACE", "KEY_ENDED", "LAST_ADMINISTRATOR", "BROADCAST_STATE", "BROADCAST_EMPTY", "SESSION_AMBIGUOUS", "WORKER_EXISTS", "WORKER_NOT_EMPTY", "WORKER_TOO_SMALL", "SESSION_EXISTS", "SESSION_NOT_CONNECTED", "SESSION_ALREADY_PAIRED", "QR_NOT_READY", "MEDIA_NOT_READY", "UPLOAD_OFFSET_MISMATCH", "WORKER_ENDPOINT_TAKEN", "WORKER_LEASE_HELD", "SESSION_LOGGED_OUT", "IDEMPOTENCY_GONE", "MEDIA_EXPIRED", "BODY_TOO_LARGE", "MEDIA_TOO_LARGE", "MEDIA_QUOTA", "UNSUPPORTED_MEDIA_TYPE", "IDEMPOTENCY_MISMATCH", "MEDIA_EMPTY", "MEDIA_TYPE_MISMATCH", "MEDIA_UNREADABLE", "MEDIA_UNREACHABLE", "MEDIA_URL_FORBIDDEN", "MEDIA_TOOL_MISSING", "PROXY_INVALID", "PROXY_UNREACHABLE", "WA_REACHOUT_TIMELOCK", "RL_IP", "RL_KEY", "RL_ENDPOINT", "STREAM_LIMIT", "TIER_MESSAGE_LIMIT", "INTERNAL", "WORKER_ERROR", "DATABASE_UNAVAILABLE", "DELETION_GOES_ON", "NO_WORKER", "OUTCOME_UNKNOWN", "WA_FORBIDDEN", "WA_NOT_FOUND", "WA_NOT_READY", "WA_REFUSED", "WA_PACING", "WA_UNAVAILABLE", "WA_TIMEOUT", "ENGINE_UNSUPPORTED", "SANDBOX_REFUSED", "SANDBOX_UNAVAILABLE", "SESSION_MOVING"]
    details: NotRequired[Dict[str, Any]]
    retryable: bool
    retryAfter: NotRequired[float]
    requestId: str
    docs: str

class ErrorDescription(TypedDict):
    code: Literal["VALIDATION", "INVALID_JSON", "BAD_REQUEST", "MESSAGE_TYPE_UNSUPPORTED", "INVALID_RECIPIENT", "WEBHOOK_URL_REFUSED", "WEBHOOK_HEADER_REFUSED", "WORKER_ENDPOINT_REFUSED", "MAIL_TOKEN_INVALID", "MAIL_OFF", "WORKER_UNREACHABLE", "UNAUTHENTICATED", "TOKEN_EXPIRED", "INVALID_CREDENTIALS", "REFRESH_TOKEN_INVALID", "REFRESH_TOKEN_REUSED", "ACCOUNT_DISABLED", "FORBIDDEN", "CSRF", "IP_DENIED", "HTTPS_REQUIRED", "WORKER_REMOVED", "WORKSPACE_LIMIT", "WEBHOOK_LIMIT", "TIER_SESSION_LIMIT", "ROUTE_NOT_FOUND", "METHOD_NOT_ALLOWED", "ERROR_CODE_NOT_FOUND", "SESSION_NOT_FOUND", "BROADCAST_NOT_FOUND", "OPT_OUT_NOT_FOUND", "RULE_NOT_FOUND", "CONTACT_NOT_FOUND", "LABEL_NOT_FOUND", "CALL_NOT_FOUND", "MESSAGE_NOT_FOUND", "DELETION_NOT_FOUND", "MEDIA_NOT_FOUND", "MESSAGE_DELETED", "MESSAGE_NOT_SENT", "MESSAGE_NOT_WAITING", "CHANGE_TOO_LATE", "CHANGE_NOT_POSSIBLE", "MESSAGE_NOT_FORWARDABLE", "WA_MESSAGE_ID_TAKEN", "USER_NOT_FOUND", "WORKSPACE_NOT_FOUND", "MEMBER_NOT_FOUND", "INVITATION_NOT_FOUND", "KEY_NOT_FOUND", "LOGIN_NOT_FOUND", "LOGIN_LOCK_NOT_FOUND", "DELIVERY_NOT_FOUND", "DELIVERY_PENDING", "WEBHOOK_OFF", "WEBHOOK_NOT_FOUND", "WORKER_NOT_FOUND", "EMAIL_TAKEN", "MEMBER_EXISTS", "LAST_OWNER", "LAST_WORKSPACE", "KEY_ENDED", "LAST_ADMINISTRATOR", "BROADCAST_STATE", "BROADCAST_EMPTY", "SESSION_AMBIGUOUS", "WORKER_EXISTS", "WORKER_NOT_EMPTY", "WORKER_TOO_SMALL", "SESSION_EXISTS", "SESSION_NOT_CONNECTED", "SESSION_ALREADY_PAIRED", "QR_NOT_READY", "MEDIA_NOT_READY", "UPLOAD_OFFSET_MISMATCH", "WORKER_ENDPOINT_TAKEN", "WORKER_LEASE_HELD", "SESSION_LOGGED_OUT", "IDEMPOTENCY_GONE", "MEDIA_EXPIRED", "BODY_TOO_LARGE", "MEDIA_TOO_LARGE", "MEDIA_QUOTA", "UNSUPPORTED_MEDIA_TYPE", "IDEMPOTENCY_MISMATCH", "MEDIA_EMPTY", "MEDIA_TYPE_MISMATCH", "MEDIA_UNREADABLE", "MEDIA_UNREACHABLE", "MEDIA_URL_FORBIDDEN", "MEDIA_TOOL_MISSING", "PROXY_INVALID", "PROXY_UNREACHABLE", "WA_REACHOUT_TIMELOCK", "RL_IP", "RL_KEY", "RL_ENDPOINT", "STREAM_LIMIT", "TIER_MESSAGE_LIMIT", "INTERNAL", "WORKER_ERROR", "DATABASE_UNAVAILABLE", "DELETION_GOES_ON", "NO_WORKER", "OUTCOME_UNKNOWN", "WA_FORBIDDEN", "WA_NOT_FOUND", "WA_NOT_READY", "WA_REFUSED", "WA_PACING", "WA_UNAVAILABLE", "WA_TIMEOUT", "ENGINE_UNSUPPORTED", "SANDBOX_REFUSED", "SANDBOX_UNAVAILABLE", "SESSION_MOVING"]
    httpStatus: int
    retryable: bool
    sentence: str

class EventAnswers(TypedDict):
    messageId: str
    waMessageId: str
    name: Union[str, None]
    answers: List[Dict[str, Any]]

class EventDelivery(TypedDict):
    id: str
    event: str
    sessionId: str
    seq: int
    occurredAt: str
    status: Literal["pending", "retrying", "delivered", "failed"]
    attempts: int
    nextAttemptAt: Union[str, None]
    deliveredAt: Union[str, None]
    replayedAt: Union[str, None]
    statusCode: Union[int, None]
    latencyMs: Union[int, None]
    error: Union[str, None]
    answer: Union[str, None]

class EventTemplate(TypedDict):
    type: Literal["event"]
    name: str
    description: NotRequired[str]
    location: NotRequired[Dict[str, Any]]
    startTime: str
    endTime: NotRequired[str]
    callLink: NotRequired[str]
    extraGuests: NotRequired[bool]

class EventTotals(TypedDict):
    going: int
    notGoing: int
    maybe: int

class FetchHistoryRequest(TypedDict):
    count: NotRequired[int]

class FetchedHistory(TypedDict):
    chat: str
    requestId: str
    beforeMessageId: str
    before: str

class FleetOperationRequest(TypedDict):
    operation: Literal["ping", "stats", "log-level", "converge"]
    level: NotRequired[Literal["fatal", "error", "warn", "info", "debug", "trace"]]
    network: NotRequired[Literal["live", "sandbox"]]

class ForgotPasswordRequest(TypedDict):
    email: str

class ForwardRequest(TypedDict):
    to: Union[str, int]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    typing: NotRequired[Dict[str, Any]]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class GroupInviteRevokedEvent(TypedDict):
    id: str
    event: Literal["group.invite_revoked"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class GroupInviteTemplate(TypedDict):
    type: Literal["groupInvite"]
    groupId: str
    groupName: str
    invitation: Dict[str, Any]
    caption: NotRequired[str]

class GroupJoinRequestEvent(TypedDict):
    id: str
    event: Literal["group.join_request"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class GroupJoinedEvent(TypedDict):
    id: str
    event: Literal["group.joined"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class GroupLeftEvent(TypedDict):
    id: str
    event: Literal["group.left"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class GroupParticipantsEvent(TypedDict):
    id: str
    event: Literal["group.participants"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class GroupUpdatedEvent(TypedDict):
    id: str
    event: Literal["group.updated"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class Health(TypedDict):
    status: Literal["healthy", "degraded", "unhealthy"]
    timestamp: str
    version: str
    services: Dict[str, Any]
    metrics: Dict[str, Any]
    details: Dict[str, Any]

class HeartbeatRequest(TypedDict):
    status: NotRequired[Literal["online", "offline", "maintenance", "pending"]]
    metrics: Dict[str, Any]

class History(TypedDict):
    sessionId: str
    depth: Literal["none", "recent", "full"]
    linkedWith: Literal["none", "recent", "full"]
    state: Literal["off", "waiting", "running", "paused", "complete"]
    progress: Union[int, None]
    parts: Dict[str, Any]
    found: int
    stored: int
    gap: Union[Dict[str, Any], None]
    lastError: Union[str, None]
    lastPartAt: Union[str, None]

class HistoryProgressEvent(TypedDict):
    id: str
    event: Literal["history.progress"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class Identity(TypedDict):
    contactId: Union[str, None]
    phoneNumber: Union[str, None]
    lid: Union[str, None]
    jid: str
    name: Union[str, None]

class ImageTemplate(TypedDict):
    type: Literal["image"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    caption: NotRequired[str]
    viewOnce: NotRequired[bool]

class ImportContactsResult(TypedDict):
    imported: int
    refused: int
    refusals: List[Dict[str, Any]]

class ImportOptOutsResult(TypedDict):
    imported: int
    known: int
    refused: int
    refusals: List[Dict[str, Any]]

class Invitation(TypedDict):
    id: str
    email: str
    role: Literal["owner", "operator", "viewer"]
    invitedBy: Union[str, None]
    expiresAt: str
    createdAt: str

class InviteRequest(TypedDict):
    email: str
    role: NotRequired[str]

class InviteResult(TypedDict):
    invitation: Invitation
    token: str
    mailed: bool

class Key(TypedDict):
    id: str
    name: str
    prefix: str
    scope: Literal["session", "workspace", "admin"]
    sessionId: Union[str, None]
    isPrimary: bool
    role: Literal["owner", "operator", "viewer"]
    permissions: List[Literal["messages.send", "logs.view", "media.view", "media.upload", "broadcasts.manage", "users.manage", "webhooks.manage", "system.manage"]]
    allowedIps: List[str]
    status: Literal["active", "expired", "revoked"]
    expiresAt: Union[str, None]
    lastUsedAt: Union[str, None]
    revokedAt: Union[str, None]
    rotatedToId: Union[str, None]
    createdBy: Dict[str, Any]
    createdAt: str

class KeyResult(TypedDict):
    key: Key

class KeywordMatchedEvent(TypedDict):
    id: str
    event: Literal["keyword.matched"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class KeywordRule(TypedDict):
    ruleId: str
    name: str
    isActive: bool
    priority: int
    sessionIds: List[str]
    match: Literal["contains", "exact", "startsWith", "regex"]
    patterns: List[str]
    inGroups: bool
    hours: Union[Dict[str, Any], None]
    cooldownSeconds: int
    reply: Union[Dict[str, Any], None]
    quotes: bool
    event: bool
    label: Union[str, None]
    optOut: bool
    fired: int
    lastFiredAt: Union[str, None]
    createdAt: str

class Label(TypedDict):
    labelId: str
    name: str
    color: int

class LabelAssignedEvent(TypedDict):
    id: str
    event: Literal["label.assigned"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class LabelContactRequest(TypedDict):
    labels: List[str]

class LabelCreatedEvent(TypedDict):
    id: str
    event: Literal["label.created"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Label
    metadata: Dict[str, Any]
    signature: str

class LabelDeletedEvent(TypedDict):
    id: str
    event: Literal["label.deleted"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Label
    metadata: Dict[str, Any]
    signature: str

class LabelUnassignedEvent(TypedDict):
    id: str
    event: Literal["label.unassigned"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class LabelUpdatedEvent(TypedDict):
    id: str
    event: Literal["label.updated"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Label
    metadata: Dict[str, Any]
    signature: str

class Lid(TypedDict):
    contactId: Union[str, None]
    phoneNumber: Union[str, None]
    lid: Union[str, None]
    jid: str
    name: Union[str, None]
    source: Literal["contacts", "whatsapp"]

class LiftedLoginLock(TypedDict):
    id: str
    lifted: Literal[True]

class Limits(TypedDict):
    tier: Dict[str, Any]
    buckets: List[Dict[str, Any]]

class LinkPreview(TypedDict):
    url: str
    title: NotRequired[str]
    description: NotRequired[str]

class ListAdminSessionsResult(TypedDict):
    sessions: List[AdminSession]
    pagination: Pagination

class ListAuditLogsResult(TypedDict):
    auditLogs: List[AuditEntry]
    pagination: CursorPagination

class ListBroadcastsResult(TypedDict):
    broadcasts: List[Broadcast]
    pagination: Pagination

class ListChatsResult(TypedDict):
    chats: List[Chat]
    pagination: CursorPagination

class ListConsentResult(TypedDict):
    entries: List[ConsentEntry]
    pagination: CursorPagination

class ListContactsResult(TypedDict):
    contacts: List[Contact]
    pagination: Pagination

class ListInvitationsResult(TypedDict):
    invitations: List[Invitation]
    pagination: Pagination

class ListKeysResult(TypedDict):
    keys: List[Key]
    pagination: Pagination

class ListLabelsResult(TypedDict):
    labels: List[Dict[str, Any]]

class ListLoginLocksResult(TypedDict):
    loginLocks: List[LoginLock]

class ListLoginsResult(TypedDict):
    logins: List[Login]

class ListMembersResult(TypedDict):
    members: List[Member]
    pagination: Pagination

class ListMessageChangesResult(TypedDict):
    messageId: str
    waMessageId: str
    changes: List[MessageChange]

class ListMessagesResult(TypedDict):
    messages: List[Message]
    pagination: Dict[str, Any]

class ListNoticesResult(TypedDict):
    notices: List[Notice]
    pagination: CursorPagination

class ListOptOutsResult(TypedDict):
    optOuts: List[OptOut]
    pagination: CursorPagination

class ListQueuesResult(TypedDict):
    queues: List[Queue]

class ListRateLimitsResult(TypedDict):
    rateLimits: List[RateLimit]

class ListRulesResult(TypedDict):
    rules: List[KeywordRule]

class ListScheduledResult(TypedDict):
    messages: List[Message]
    pagination: CursorPagination

class ListSystemLogsResult(TypedDict):
    logs: List[SystemLogEntry]
    pagination: CursorPagination

class ListTemplate(TypedDict):
    type: Literal["list"]
    text: str
    title: NotRequired[str]
    footer: NotRequired[str]
    button: str
    sections: List[Dict[str, Any]]

class ListTiersResult(TypedDict):
    tiers: List[Tier]

class ListUsersResult(TypedDict):
    users: List[AdminUser]
    pagination: Pagination

class ListWorkspacesResult(TypedDict):
    workspaces: List[Workspace]
    pagination: Pagination

class LocationTemplate(TypedDict):
    type: Literal["location"]
    latitude: float
    longitude: float
    name: NotRequired[str]
    address: NotRequired[str]
    url: NotRequired[str]
    live: NotRequired[bool]

class Login(TypedDict):
    id: str
    isCurrent: bool
    ip: Union[str, None]
    userAgent: Union[str, None]
    createdAt: str
    lastUsedAt: str
    expiresAt: str

class LoginLinkRequest(TypedDict):
    token: str

class LoginLock(TypedDict):
    id: str
    kind: Literal["account", "address"]
    bucket: Literal["login_account", "login_ip"]
    address: Union[str, None]
    emails: List[str]
    counted: int
    max: int
    lockedUntil: str

class LoginRequest(TypedDict):
    email: str
    password: str

class LoginResult(TypedDict):
    user: User
    token: str
    refreshToken: str
    expiresIn: int
    workspaceId: str
    workspaceRole: Literal["owner", "operator", "viewer"]

class MeResult(TypedDict):
    user: User
    workspaceId: str
    workspaceRole: Literal["owner", "operator", "viewer"]
    workspaces: List[Dict[str, Any]]

class Media(TypedDict):
    mediaId: str
    status: Literal["pending", "ready", "expired", "failed"]
    mimetype: NotRequired[str]
    size: NotRequired[int]
    fileName: NotRequired[str]
    seconds: NotRequired[int]
    width: NotRequired[int]
    height: NotRequired[int]
    animated: NotRequired[Literal[True]]
    waveform: NotRequired[str]
    thumbnail: NotRequired[str]
    error: NotRequired[Dict[str, Any]]

class MediaFailedEvent(TypedDict):
    id: str
    event: Literal["media.failed"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MediaReadyEvent(TypedDict):
    id: str
    event: Literal["media.ready"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class Member(TypedDict):
    userId: str
    email: str
    name: str
    role: Literal["owner", "operator", "viewer"]
    isOwner: bool
    joinedAt: str

class MemberResult(TypedDict):
    member: Member

Message = TypedDict("Message", {
    "id": "str",
    "messageId": "str",
    "waMessageId": "str",
    "status": "Literal[\"queued\", \"sending\", \"sent\", \"delivered\", \"read\", \"failed\", \"received\"]",
    "state": "Literal[\"queued\", \"scheduled\", \"sending\", \"failed\", \"unknown\", \"cancelled\", \"expired\", \"sent\", \"delivered\", \"read\", \"played\", \"received\"]",
    "sessionId": "str",
    "direction": "Literal[\"inbound\", \"outbound\"]",
    "chat": "str",
    "from": "Union[str, None]",
    "fromMe": "bool",
    "source": "NotRequired[Literal[\"api\", \"phone\"]]",
    "senderName": "Union[str, None]",
    "identities": "MessageIdentities",
    "type": "Literal[\"text\", \"location\", \"contact\", \"poll\", \"event\", \"groupInvite\", \"buttons\", \"list\", \"image\", \"video\", \"audio\", \"document\", \"sticker\", \"album\", \"buttonReply\", \"listReply\", \"order\", \"product\", \"interactive\", \"template\", \"phoneNumberRequest\", \"reaction\", \"system\", \"unknown\"]",
    "text": "Union[str, None]",
    "content": "NotRequired[Dict[str, Any]]",
    "media": "NotRequired[Media]",
    "replyTo": "NotRequired[QuotedMessage]",
    "mentions": "NotRequired[List[str]]",
    "mentionsAll": "NotRequired[bool]",
    "forwardedCount": "NotRequired[int]",
    "linkPreview": "NotRequired[LinkPreview]",
    "viewOnce": "NotRequired[bool]",
    "expiresInSeconds": "NotRequired[int]",
    "referral": "NotRequired[Referral]",
    "album": "NotRequired[Dict[str, Any]]",
    "metadata": "NotRequired[Dict[str, Any]]",
    "priority": "NotRequired[Literal[\"urgent\", \"normal\", \"low\"]]",
    "schedule": "NotRequired[Schedule]",
    "expiresAt": "NotRequired[str]",
    "error": "NotRequired[Dict[str, Any]]",
    "editedAt": "Union[str, None]",
    "revokedAt": "Union[str, None]",
    "deletedForMeAt": "Union[str, None]",
    "reactions": "List[Reaction]",
    "votes": "NotRequired[PollTotals]",
    "answers": "NotRequired[EventTotals]",
    "timestamp": "Union[str, None]",
    "sentAt": "Union[str, None]",
    "deliveredAt": "Union[str, None]",
    "readAt": "Union[str, None]",
    "createdAt": "str",
})

class MessageAnswerEvent(TypedDict):
    id: str
    event: Literal["message.answer"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageCapping(TypedDict):
    status: Literal["none", "first_warning", "second_warning", "capped"]
    used: Union[int, None]
    total: Union[int, None]
    cycleEndsAt: Union[str, None]

MessageChange = TypedDict("MessageChange", {
    "kind": "Literal[\"edit\", \"revoke\", \"reaction\", \"pin\", \"vote\", \"answer\", \"keep\"]",
    "changeId": "str",
    "from": "str",
    "fromMe": "bool",
    "senderName": "Union[str, None]",
    "timestamp": "str",
    "isCurrent": "bool",
    "byAdmin": "bool",
    "data": "Dict[str, Any]",
    "source": "NotRequired[Literal[\"api\", \"phone\"]]",
    "status": "NotRequired[Literal[\"queued\", \"sending\", \"sent\", \"delivered\", \"read\", \"failed\", \"received\"]]",
    "state": "NotRequired[Literal[\"queued\", \"scheduled\", \"sending\", \"failed\", \"unknown\", \"cancelled\", \"expired\", \"sent\", \"delivered\", \"read\", \"played\", \"received\"]]",
    "error": "NotRequired[Dict[str, Any]]",
    "previous": "NotRequired[Dict[str, Any]]",
})

class MessageDeletedEvent(TypedDict):
    id: str
    event: Literal["message.deleted"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageDeliveredEvent(TypedDict):
    id: str
    event: Literal["message.delivered"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageEditedEvent(TypedDict):
    id: str
    event: Literal["message.edited"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageFailedEvent(TypedDict):
    id: str
    event: Literal["message.failed"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

MessageIdentities = TypedDict("MessageIdentities", {
    "chat": "Identity",
    "from": "NotRequired[Dict[str, Any]]",
    "participant": "NotRequired[Dict[str, Any]]",
})

class MessagePlayedEvent(TypedDict):
    id: str
    event: Literal["message.played"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageReactionEvent(TypedDict):
    id: str
    event: Literal["message.reaction"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageReadEvent(TypedDict):
    id: str
    event: Literal["message.read"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageReceipt(TypedDict):
    jid: str
    deliveredAt: Union[str, None]
    readAt: Union[str, None]
    playedAt: Union[str, None]

class MessageReceiptsResult(TypedDict):
    messageId: str
    waMessageId: str
    chat: str
    recipients: Union[int, None]
    delivered: int
    read: int
    played: int
    receipts: List[MessageReceipt]

class MessageReceivedEvent(TypedDict):
    id: str
    event: Literal["message.received"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageRecoveredEvent(TypedDict):
    id: str
    event: Literal["message.recovered"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageRevokedEvent(TypedDict):
    id: str
    event: Literal["message.revoked"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageSentEvent(TypedDict):
    id: str
    event: Literal["message.sent"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

MessageStatistics = TypedDict("MessageStatistics", {
    "range": "Literal[\"1h\", \"24h\", \"7d\", \"30d\"]",
    "from": "str",
    "to": "str",
    "total": "int",
    "outbound": "int",
    "inbound": "int",
    "pending": "int",
    "sent": "int",
    "delivered": "int",
    "read": "int",
    "failed": "int",
    "successRate": "float",
    "byType": "Dict[str, Any]",
})

MessageTemplate = Union["TextTemplate", "LocationTemplate", "ContactTemplate", "PollTemplate", "EventTemplate", "GroupInviteTemplate", "ButtonsTemplate", "ListTemplate", "ImageTemplate", "VideoTemplate", "AudioTemplate", "DocumentTemplate", "StickerTemplate", "AlbumTemplate"]

class MessageUndecryptableEvent(TypedDict):
    id: str
    event: Literal["message.undecryptable"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MessageUnsupportedEvent(TypedDict):
    id: str
    event: Literal["message.unsupported"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class MoveScheduledRequest(TypedDict):
    scheduledAt: str
    timeZone: NotRequired[str]

class Notice(TypedDict):
    id: str
    kind: Literal["down", "logged_out", "banned", "restricted", "capped", "at_risk", "webhook_off", "webhook_down", "worker_lost", "client_outdated", "no_capacity"]
    subject: str
    since: str
    toldAt: Union[str, None]
    mails: int
    endedAt: Union[str, None]
    resolved: bool
    reason: str
    action: str
    link: Union[str, None]

class NoticeSettings(TypedDict):
    delaySeconds: int
    kinds: List[Literal["down", "logged_out", "banned", "restricted", "capped", "at_risk", "webhook_off", "webhook_down"]]
    roles: List[Literal["owner", "operator", "viewer"]]
    ends: bool
    mail: Dict[str, Any]
    recipients: List[Dict[str, Any]]

class NoticeSettingsResult(TypedDict):
    settings: NoticeSettings

class NoticeSubscriptionRequest(TypedDict):
    mail: bool

class NoticeSubscriptionResult(TypedDict):
    mail: bool

class NumberCheck(TypedDict):
    number: str
    isOnWhatsApp: bool
    jid: Union[str, None]
    lid: Union[str, None]
    contactId: Union[str, None]
    checkedAt: str
    ageSeconds: int

class OpenInvitation(TypedDict):
    workspace: Dict[str, Any]
    email: str
    role: Literal["owner", "operator", "viewer"]
    invitedBy: Union[str, None]
    expiresAt: str

class OpenInvitationResult(TypedDict):
    invitation: OpenInvitation

class OptOut(TypedDict):
    identity: Identity
    source: Literal["keyword", "rule", "api", "import"]
    sessionId: Union[str, None]
    messageId: Union[str, None]
    note: Union[str, None]
    createdAt: str

class Overview(TypedDict):
    overview: Dict[str, Any]
    workers: Dict[str, Any]
    sessions: Dict[str, Any]

class Pacing(TypedDict):
    sessionId: str
    settings: PacingSettings
    risks: List[str]
    today: Dict[str, Any]
    waiting: int
    nextAt: Union[str, None]
    reason: Optional[Literal["gap", "chat_gap", "quiet_hours", "daily_limit", "warm_up", "first_contacts", "time_lock"]]

class PacingSettings(TypedDict):
    mode: Literal["on", "off"]
    messageGapMs: int
    broadcastGapMs: int
    jitter: float
    chatGapMs: int
    timeZone: str
    quietHours: Union[Dict[str, Any], None]
    dailyLimit: Union[int, None]
    warmUp: bool
    firstContactsPerDay: Union[int, None]
    firstContactsPerHour: Union[int, None]
    riskGuard: Union[int, None]

class Pagination(TypedDict):
    total: int
    page: int
    limit: int
    totalPages: int

class PairingCode(TypedDict):
    pairingCode: str
    expiresAt: Union[str, None]

class PairingCodeRequest(TypedDict):
    phoneNumber: str

class PairingEvent(TypedDict):
    status: Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error"]
    state: Literal["initializing", "connecting", "qr_required", "pairing_code", "pairing", "passkey_required", "passkey_confirmation_required", "connected", "stale", "reconnecting", "conflict", "restricted", "banned", "logged_out", "stopped", "error"]
    qr: Union[str, None]
    expiresAt: Union[str, None]
    attempt: Union[int, None]

class PatchWorkerRequest(TypedDict):
    maxSessions: NotRequired[int]
    description: NotRequired[Union[str, None]]

PinRequest = Union[Dict[str, Any], None]

class PollTemplate(TypedDict):
    type: Literal["poll"]
    question: NotRequired[str]
    name: NotRequired[str]
    options: List[str]
    selectableCount: NotRequired[int]
    announcement: NotRequired[bool]

class PollTotals(TypedDict):
    voters: int
    options: List[Dict[str, Any]]

class PollVoteEvent(TypedDict):
    id: str
    event: Literal["poll.vote"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class PollVotes(TypedDict):
    messageId: str
    waMessageId: str
    name: Union[str, None]
    selectableCount: int
    voters: int
    options: List[Dict[str, Any]]

class PresenceUpdateEvent(TypedDict):
    id: str
    event: Literal["presence.update"]
    timestamp: int
    sessionId: str
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    seq: int

PreviewBroadcastRequest = Union[Dict[str, Any], None]

class Probe(TypedDict):
    status: Literal["ok", "unavailable"]

class Qr(TypedDict):
    qr: str
    expiresAt: Union[str, None]
    attempt: Union[int, None]

class QrGeneratedEvent(TypedDict):
    id: str
    event: Literal["qr.generated"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class QrHistoryEntry(TypedDict):
    id: str
    sessionId: str
    attempt: int
    status: Literal["shown", "scanned", "expired"]
    shownAt: str
    expiresAt: Union[str, None]
    scannedAt: Union[str, None]

class QrHistoryResult(TypedDict):
    history: List[QrHistoryEntry]
    pagination: CursorPagination

class Queue(TypedDict):
    name: Literal["message-queue", "broadcast-queue", "webhook-queue"]
    waiting: int
    active: int
    delayed: int
    failed: int
    oldestSeconds: float
    attempts: int
    gapMs: Union[int, None]
    chunk: Union[int, None]

QuotedMessage = TypedDict("QuotedMessage", {
    "messageId": "NotRequired[str]",
    "waMessageId": "str",
    "chat": "NotRequired[str]",
    "from": "NotRequired[str]",
    "type": "Literal[\"text\", \"location\", \"contact\", \"poll\", \"event\", \"groupInvite\", \"buttons\", \"list\", \"image\", \"video\", \"audio\", \"document\", \"sticker\", \"album\", \"buttonReply\", \"listReply\", \"order\", \"product\", \"interactive\", \"template\", \"phoneNumberRequest\", \"reaction\", \"system\", \"unknown\"]",
    "text": "NotRequired[str]",
})

class RateLimit(TypedDict):
    bucket: Literal["ip", "login_ip", "login_account", "session_operations", "invitations", "key_operator", "key_viewer", "messages_send", "broadcasts", "dashboard", "qr"]
    subject: Literal["ip", "user", "key", "workspace", "email"]
    max: int
    windowSeconds: int
    default: Dict[str, Any]
    isDefault: bool
    code: Literal["RL_IP", "RL_KEY", "RL_ENDPOINT"]
    description: str

class ReactRequest(TypedDict):
    emoji: str
    clientMessageId: NotRequired[str]

Reaction = TypedDict("Reaction", {
    "emoji": "str",
    "changeId": "str",
    "from": "str",
    "fromMe": "bool",
    "senderName": "Union[str, None]",
    "timestamp": "str",
})

class RebalanceResult(TypedDict):
    moves: int
    workers: List[Dict[str, Any]]

class Referral(TypedDict):
    sourceType: NotRequired[str]
    sourceId: NotRequired[str]
    sourceUrl: NotRequired[str]
    headline: NotRequired[str]
    body: NotRequired[str]
    mediaUrl: NotRequired[str]
    ctwaClid: NotRequired[str]
    ref: NotRequired[str]

RefreshRequest = Union[Dict[str, Any], None]

class RefreshResult(TypedDict):
    token: str
    refreshToken: NotRequired[str]
    expiresIn: int
    workspaceId: str
    workspaceRole: Literal["owner", "operator", "viewer"]

class RegisterRequest(TypedDict):
    email: str
    password: str
    name: NotRequired[str]
    tier: NotRequired[Literal["basic", "pro", "max"]]

class RegisterResult(TypedDict):
    user: User
    token: str
    refreshToken: str
    expiresIn: int
    workspaceId: str
    workspaceRole: Literal["owner", "operator", "viewer"]
    apiKey: str
    warnings: NotRequired[List[str]]

class RegisterWorkerRequest(TypedDict):
    workerId: str
    endpoint: str
    maxSessions: NotRequired[int]
    network: NotRequired[Literal["live", "sandbox"]]
    revision: NotRequired[str]
    description: NotRequired[str]

class RegisterWorkerResult(TypedDict):
    workerId: str
    status: Literal["registered"]
    token: str
    incarnation: int

class RemoveMemberResult(TypedDict):
    userId: str
    removed: Literal[True]
    keys: Dict[str, Any]

class RemoveWorkerResult(TypedDict):
    workerId: str
    removed: Literal[True]
    movedSessions: int
    waitingSessions: int

class RemovedOptOut(TypedDict):
    identity: Identity
    optedIn: Literal[True]

ReplayDeliveriesRequest = Union[Dict[str, Any], None]

class ResetPasswordRequest(TypedDict):
    token: str
    newPassword: str

class RevokeInvitationResult(TypedDict):
    invitationId: str
    revoked: Literal[True]

class RevokedToken(TypedDict):
    workerId: str
    revoked: Literal[True]

class RiskEntry(TypedDict):
    at: str
    score: int
    level: Literal["low", "elevated", "high", "critical"]
    signals: Dict[str, Any]

class RiskReason(TypedDict):
    signal: Literal["refused_account", "time_lock", "capped", "refused_chats", "rate_limited", "undelivered", "unanswered", "first_contacts", "strangers", "identical_texts", "reconnects", "new_number"]
    points: int
    reason: str
    advice: str

class RiskSummary(TypedDict):
    score: int
    level: Literal["low", "elevated", "high", "critical"]

class RiskWarning(TypedDict):
    score: int
    level: Literal["low", "elevated", "high", "critical"]
    reason: str
    advice: str

RotateKeyRequest = Union[Dict[str, Any], None]

RotateWebhookSecretRequest = Union[Dict[str, Any], None]

class RotatedKeyResult(TypedDict):
    key: Key
    apiKey: str
    previous: Dict[str, Any]

class SaveContactRequest(TypedDict):
    phoneNumber: str
    name: str

class Schedule(TypedDict):
    at: str
    timeZone: NotRequired[str]
    localTime: NotRequired[str]
    adjusted: NotRequired[Literal["moved-forward", "first-of-two"]]

class SendAlbumFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["album"]
    items: List[Dict[str, Any]]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendAlbumRequest(TypedDict):
    to: Union[str, int]
    type: Literal["album"]
    items: List[Dict[str, Any]]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendAudioFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["audio"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    voice: NotRequired[bool]
    viewOnce: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendAudioRequest(TypedDict):
    to: Union[str, int]
    type: Literal["audio"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    voice: NotRequired[bool]
    viewOnce: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendButtonsFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["buttons"]
    text: str
    title: NotRequired[str]
    footer: NotRequired[str]
    buttons: List[Dict[str, Any]]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendButtonsRequest(TypedDict):
    to: Union[str, int]
    type: Literal["buttons"]
    text: str
    title: NotRequired[str]
    footer: NotRequired[str]
    buttons: List[Dict[str, Any]]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendContactFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["contact"]
    contacts: List[Dict[str, Any]]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendContactRequest(TypedDict):
    to: Union[str, int]
    type: Literal["contact"]
    contacts: List[Dict[str, Any]]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendDocumentFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["document"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    caption: NotRequired[str]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendDocumentRequest(TypedDict):
    to: Union[str, int]
    type: Literal["document"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    caption: NotRequired[str]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendEventFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["event"]
    name: str
    description: NotRequired[str]
    location: NotRequired[Dict[str, Any]]
    startTime: str
    endTime: NotRequired[str]
    callLink: NotRequired[str]
    extraGuests: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendEventRequest(TypedDict):
    to: Union[str, int]
    type: Literal["event"]
    name: str
    description: NotRequired[str]
    location: NotRequired[Dict[str, Any]]
    startTime: str
    endTime: NotRequired[str]
    callLink: NotRequired[str]
    extraGuests: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

SendFromDefaultRequest = Union["SendTextFromDefaultRequest", "SendLocationFromDefaultRequest", "SendContactFromDefaultRequest", "SendPollFromDefaultRequest", "SendEventFromDefaultRequest", "SendGroupInviteFromDefaultRequest", "SendButtonsFromDefaultRequest", "SendListFromDefaultRequest", "SendImageFromDefaultRequest", "SendVideoFromDefaultRequest", "SendAudioFromDefaultRequest", "SendDocumentFromDefaultRequest", "SendStickerFromDefaultRequest", "SendAlbumFromDefaultRequest"]

class SendGroupInviteFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["groupInvite"]
    groupId: str
    groupName: str
    invitation: Dict[str, Any]
    caption: NotRequired[str]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendGroupInviteRequest(TypedDict):
    to: Union[str, int]
    type: Literal["groupInvite"]
    groupId: str
    groupName: str
    invitation: Dict[str, Any]
    caption: NotRequired[str]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendImageFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["image"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    caption: NotRequired[str]
    viewOnce: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendImageRequest(TypedDict):
    to: Union[str, int]
    type: Literal["image"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    caption: NotRequired[str]
    viewOnce: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendListFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["list"]
    text: str
    title: NotRequired[str]
    footer: NotRequired[str]
    button: str
    sections: List[Dict[str, Any]]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendListRequest(TypedDict):
    to: Union[str, int]
    type: Literal["list"]
    text: str
    title: NotRequired[str]
    footer: NotRequired[str]
    button: str
    sections: List[Dict[str, Any]]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendLocationFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["location"]
    latitude: float
    longitude: float
    name: NotRequired[str]
    address: NotRequired[str]
    url: NotRequired[str]
    live: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendLocationRequest(TypedDict):
    to: Union[str, int]
    type: Literal["location"]
    latitude: float
    longitude: float
    name: NotRequired[str]
    address: NotRequired[str]
    url: NotRequired[str]
    live: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendPollFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["poll"]
    question: NotRequired[str]
    name: NotRequired[str]
    options: List[str]
    selectableCount: NotRequired[int]
    announcement: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendPollRequest(TypedDict):
    to: Union[str, int]
    type: Literal["poll"]
    question: NotRequired[str]
    name: NotRequired[str]
    options: List[str]
    selectableCount: NotRequired[int]
    announcement: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

SendRequest = Union["SendTextRequest", "SendLocationRequest", "SendContactRequest", "SendPollRequest", "SendEventRequest", "SendGroupInviteRequest", "SendButtonsRequest", "SendListRequest", "SendImageRequest", "SendVideoRequest", "SendAudioRequest", "SendDocumentRequest", "SendStickerRequest", "SendAlbumRequest"]

class SendResult(TypedDict):
    messageId: str
    waMessageId: str
    status: Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]
    state: Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    schedule: NotRequired[Schedule]
    expiresAt: NotRequired[str]
    parts: NotRequired[List[Dict[str, Any]]]
    chat: NotRequired[str]
    identities: NotRequired[MessageIdentities]
    risk: NotRequired[RiskWarning]
    error: NotRequired[Dict[str, Any]]

class SendStickerFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["sticker"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendStickerRequest(TypedDict):
    to: Union[str, int]
    type: Literal["sticker"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendTextFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: NotRequired[Literal["text"]]
    message: NotRequired[str]
    text: NotRequired[str]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendTextRequest(TypedDict):
    to: Union[str, int]
    type: NotRequired[Literal["text"]]
    message: NotRequired[str]
    text: NotRequired[str]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class SendVideoFromDefaultRequest(TypedDict):
    to: Union[str, int]
    type: Literal["video"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    caption: NotRequired[str]
    viewOnce: NotRequired[bool]
    gif: NotRequired[bool]
    videoNote: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]
    sessionId: NotRequired[str]

class SendVideoRequest(TypedDict):
    to: Union[str, int]
    type: Literal["video"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    caption: NotRequired[str]
    viewOnce: NotRequired[bool]
    gif: NotRequired[bool]
    videoNote: NotRequired[bool]
    priority: NotRequired[Literal["urgent", "normal", "low"]]
    scheduledAt: NotRequired[str]
    timeZone: NotRequired[str]
    expiresAt: NotRequired[str]
    replyTo: NotRequired[str]
    mentions: NotRequired[List[str]]
    mentionAll: NotRequired[bool]
    linkPreview: NotRequired[Union[bool, Dict[str, Any]]]
    typing: NotRequired[Dict[str, Any]]
    status: NotRequired[Dict[str, Any]]
    waMessageId: NotRequired[str]
    clientMessageId: NotRequired[str]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    metadata: NotRequired[Dict[str, Any]]

class Session(TypedDict):
    id: str
    sessionId: str
    name: str
    status: Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error"]
    state: Literal["initializing", "connecting", "qr_required", "pairing_code", "pairing", "passkey_required", "passkey_confirmation_required", "connected", "stale", "reconnecting", "conflict", "restricted", "banned", "logged_out", "stopped", "error"]
    reason: Union[str, None]
    network: Literal["live", "sandbox"]
    phoneNumber: Union[str, None]
    pushName: Union[str, None]
    workerId: Union[str, None]
    lastSeenAt: Union[str, None]
    restriction: Union[Dict[str, Any], None]
    messageCapping: Union[MessageCapping, None]
    risk: Union[RiskSummary, None]
    settings: SessionSettings
    isDefault: bool
    createdAt: str

class SessionAction(TypedDict):
    sessionId: str
    status: Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error"]
    state: Literal["initializing", "connecting", "qr_required", "pairing_code", "pairing", "passkey_required", "passkey_confirmation_required", "connected", "stale", "reconnecting", "conflict", "restricted", "banned", "logged_out", "stopped", "error"]

class SessionBannedEvent(TypedDict):
    id: str
    event: Literal["session.banned"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class SessionCappedEvent(TypedDict):
    id: str
    event: Literal["session.capped"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: MessageCapping
    metadata: Dict[str, Any]
    signature: str

class SessionHealth(TypedDict):
    sessionId: str
    status: Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error"]
    state: Literal["initializing", "connecting", "qr_required", "pairing_code", "pairing", "passkey_required", "passkey_confirmation_required", "connected", "stale", "reconnecting", "conflict", "restricted", "banned", "logged_out", "stopped", "error"]
    connectedSince: Union[str, None]
    lastFrameAt: Union[str, None]
    lastFrameAgeMs: Union[int, None]
    keepAliveMs: Union[int, None]
    lastProbeAt: Union[str, None]
    recycles: int
    workerId: str
    epoch: int

class SessionLoggedoutEvent(TypedDict):
    id: str
    event: Literal["session.loggedout"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class SessionMigratedEvent(TypedDict):
    id: str
    event: Literal["session.migrated"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class SessionNoticeEvent(TypedDict):
    id: str
    event: Literal["session.notice"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class SessionPasskeyRequiredEvent(TypedDict):
    id: str
    event: Literal["session.passkey_required"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class SessionRestoredEvent(TypedDict):
    id: str
    event: Literal["session.restored"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class SessionRestrictedEvent(TypedDict):
    id: str
    event: Literal["session.restricted"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class SessionRisk(TypedDict):
    sessionId: str
    score: int
    level: Literal["low", "elevated", "high", "critical"]
    since: Union[str, None]
    assessedAt: str
    reasons: List[RiskReason]
    guard: Dict[str, Any]
    history: List[RiskEntry]

class SessionRiskEvent(TypedDict):
    id: str
    event: Literal["session.risk"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class SessionSettings(TypedDict):
    labels: Dict[str, Any]
    onUncertain: Literal["resend", "fail"]
    mediaDownload: Dict[str, Any]
    history: Literal["none", "recent", "full"]
    fillGaps: bool
    device: Dict[str, Any]
    ignore: List[Literal["persons", "groups", "channels", "status", "broadcasts"]]
    statusUpdates: bool
    alwaysOnline: bool
    readReceipts: bool
    autoRead: bool
    engineEvents: bool
    calls: Dict[str, Any]
    metadata: Dict[str, Any]

class SessionSettingsChange(TypedDict):
    labels: NotRequired[Dict[str, Any]]
    onUncertain: NotRequired[Literal["resend", "fail"]]
    mediaDownload: NotRequired[Dict[str, Any]]
    history: NotRequired[Literal["none", "recent", "full"]]
    fillGaps: NotRequired[bool]
    device: NotRequired[Dict[str, Any]]
    ignore: NotRequired[List[Literal["persons", "groups", "channels", "status", "broadcasts"]]]
    statusUpdates: NotRequired[bool]
    alwaysOnline: NotRequired[bool]
    readReceipts: NotRequired[bool]
    autoRead: NotRequired[bool]
    engineEvents: NotRequired[bool]
    calls: NotRequired[Dict[str, Any]]
    metadata: NotRequired[Dict[str, Any]]

SessionStatistics = TypedDict("SessionStatistics", {
    "range": "Literal[\"1h\", \"24h\", \"7d\", \"30d\"]",
    "from": "str",
    "to": "str",
    "total": "int",
    "connected": "int",
    "disconnected": "int",
    "successRate": "float",
    "byStatus": "Dict[str, Any]",
    "byState": "Dict[str, Any]",
    "byNetwork": "Dict[str, Any]",
    "unplaced": "int",
    "created": "int",
    "linked": "int",
})

class SessionStatus(TypedDict):
    sessionId: str
    status: Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error"]
    state: Literal["initializing", "connecting", "qr_required", "pairing_code", "pairing", "passkey_required", "passkey_confirmation_required", "connected", "stale", "reconnecting", "conflict", "restricted", "banned", "logged_out", "stopped", "error"]
    source: Literal["worker", "database"]
    reason: Union[str, None]
    code: Union[str, None]
    phoneNumber: Union[str, None]
    pushName: Union[str, None]
    workerId: Union[str, None]
    connectedAt: Union[str, None]
    lastSeenAt: Union[str, None]
    restriction: Union[Dict[str, Any], None]
    messageCapping: Union[MessageCapping, None]

class SessionStatusEvent(TypedDict):
    id: str
    event: Literal["session.status"]
    timestamp: int
    sessionId: str
    seq: int
    epoch: int
    data: Dict[str, Any]
    metadata: Dict[str, Any]
    signature: str

class SetRateLimitRequest(TypedDict):
    max: int
    windowSeconds: int

class SetTierRequest(TypedDict):
    maxSessions: int
    messagesPerHour: int
    messageRetentionDays: NotRequired[Union[int, None]]
    eventRetentionDays: NotRequired[Union[int, None]]
    mediaBytes: NotRequired[int]
    mediaMaxBytes: NotRequired[int]
    mediaRetentionDays: NotRequired[int]

class StickerTemplate(TypedDict):
    type: Literal["sticker"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]

class SwitchRequest(TypedDict):
    workspaceId: str

class SwitchResult(TypedDict):
    token: str
    expiresIn: int
    workspaceId: str
    workspaceRole: Literal["owner", "operator", "viewer"]

class SystemLogEntry(TypedDict):
    id: str
    timestamp: str
    level: Literal["error", "warn", "info", "debug"]
    service: str
    message: str
    details: Union[Dict[str, Any], None]
    userId: Union[str, None]
    sessionId: Union[str, None]
    workerId: Union[str, None]

class TestRuleRequest(TypedDict):
    text: str
    at: NotRequired[str]
    inGroup: NotRequired[bool]
    sessionId: NotRequired[str]
    name: NotRequired[str]
    rule: NotRequired[Dict[str, Any]]

class TestRuleResult(TypedDict):
    consent: Optional[Literal["out", "in"]]
    matched: bool
    ruleId: Union[str, None]
    rule: Union[str, None]
    keyword: Union[str, None]
    groups: List[str]
    reply: Union[str, None]
    others: List[Dict[str, Any]]

TestWebhookRequest = Union[Dict[str, Any], None]

class TestWebhookResult(TypedDict):
    event: str
    id: str
    isDelivered: bool
    statusCode: Union[int, None]
    durationMs: int
    answer: Union[str, None]
    error: Union[str, None]

class TextTemplate(TypedDict):
    type: NotRequired[Literal["text"]]
    message: NotRequired[str]
    text: NotRequired[str]

class Tier(TypedDict):
    tier: Literal["basic", "pro", "max"]
    maxSessions: int
    messagesPerHour: int
    messageRetentionDays: Union[int, None]
    eventRetentionDays: Union[int, None]
    mediaBytes: int
    mediaMaxBytes: int
    mediaRetentionDays: int
    updatedAt: str

class Timeline(TypedDict):
    messageId: str
    waMessageId: str
    identities: MessageIdentities
    status: Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]
    state: Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]
    waiting: List[Wait]
    risk: NotRequired[RiskWarning]
    timeline: List[TimelineEntry]

class TimelineEntry(TypedDict):
    at: str
    step: Literal["accepted", "received", "attempt", "picture_left_out", "wire", "server_ack", "delivered", "read", "failed", "event"]
    attempt: NotRequired[int]
    worker: NotRequired[str]
    epoch: NotRequired[int]
    code: NotRequired[Union[str, None]]
    message: NotRequired[Union[str, None]]
    seq: NotRequired[int]
    event: NotRequired[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched"]]
    delivery: NotRequired[Delivery]

class UpdateBroadcastRequest(TypedDict):
    name: NotRequired[str]
    sessionIds: NotRequired[List[str]]
    message: NotRequired[Union[str, MessageTemplate]]
    variants: NotRequired[List[Union[str, MessageTemplate]]]
    metadata: NotRequired[Dict[str, Any]]
    scheduledAt: NotRequired[Union[str, None]]

class UpdateChatRequest(TypedDict):
    isArchived: NotRequired[bool]
    isPinned: NotRequired[bool]
    isMuted: NotRequired[bool]
    mutedUntil: NotRequired[str]

class UpdateContactRequest(TypedDict):
    name: Union[str, None]

class UpdateKeyRequest(TypedDict):
    name: NotRequired[str]
    role: NotRequired[str]
    permissions: NotRequired[List[Literal["messages.send", "logs.view", "media.view", "media.upload", "broadcasts.manage", "users.manage", "webhooks.manage", "system.manage"]]]
    expiresAt: NotRequired[Union[str, None]]
    allowedIps: NotRequired[List[str]]

class UpdateMeRequest(TypedDict):
    name: NotRequired[str]
    email: NotRequired[str]
    currentPassword: NotRequired[str]

class UpdateMeResult(TypedDict):
    user: User

class UpdatePacingRequest(TypedDict):
    mode: NotRequired[Literal["on", "off"]]
    messageGapMs: NotRequired[int]
    broadcastGapMs: NotRequired[int]
    jitter: NotRequired[float]
    chatGapMs: NotRequired[int]
    timeZone: NotRequired[str]
    quietHours: NotRequired[Union[Dict[str, Any], None]]
    dailyLimit: NotRequired[Union[int, None]]
    warmUp: NotRequired[bool]
    firstContactsPerDay: NotRequired[Union[int, None]]
    firstContactsPerHour: NotRequired[Union[int, None]]
    riskGuard: NotRequired[Union[int, None]]

class UpdateRuleRequest(TypedDict):
    name: NotRequired[str]
    match: NotRequired[Literal["contains", "exact", "startsWith", "regex"]]
    patterns: NotRequired[List[str]]
    isActive: NotRequired[bool]
    priority: NotRequired[int]
    sessionIds: NotRequired[List[str]]
    inGroups: NotRequired[bool]
    hours: NotRequired[Union[Dict[str, Any], None]]
    cooldownSeconds: NotRequired[int]
    reply: NotRequired[Union[str, MessageTemplate, None]]
    quotes: NotRequired[bool]
    event: NotRequired[bool]
    label: NotRequired[Union[str, None]]
    optOut: NotRequired[bool]

class UpdateSessionRequest(TypedDict):
    name: NotRequired[str]
    settings: NotRequired[SessionSettingsChange]
    isDefault: NotRequired[bool]

class UpdateUserRequest(TypedDict):
    email: NotRequired[str]
    name: NotRequired[str]
    role: NotRequired[Literal["administrator", "ADMINISTRATOR", "admin", "ADMIN", "customer", "CUSTOMER", "user", "USER"]]
    tier: NotRequired[Literal["basic", "BASIC", "pro", "PRO", "max", "MAX"]]
    isActive: NotRequired[bool]

class UpdateWebhookRequest(TypedDict):
    url: NotRequired[str]
    name: NotRequired[Union[str, None]]
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    chatTypes: NotRequired[Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]]
    chats: NotRequired[Union[List[str], None]]
    headers: NotRequired[Union[Dict[str, Any], None]]
    basicAuth: NotRequired[Union[Dict[str, Any], None]]
    metadata: NotRequired[Union[Dict[str, Any], None]]
    ordering: NotRequired[Literal["session", "chat"]]
    compat: NotRequired[Optional[Literal["waha"]]]
    isPaused: NotRequired[bool]
    exchange: NotRequired[str]
    routingKey: NotRequired[str]
    subject: NotRequired[str]
    stream: NotRequired[str]
    credentials: NotRequired[str]
    brokers: NotRequired[List[str]]
    topic: NotRequired[str]
    mechanism: NotRequired[str]
    region: NotRequired[str]
    accessKeyId: NotRequired[str]
    secretAccessKey: NotRequired[str]
    maxLength: NotRequired[int]
    isActive: NotRequired[bool]

class UsageRecord(TypedDict):
    month: Union[str, None]
    sessionId: Union[str, None]
    sessionName: Union[str, None]
    keyId: Union[str, None]
    keyName: Union[str, None]
    hits: int
    messagesSent: int
    messagesReceived: int

UsageResult = TypedDict("UsageResult", {
    "from": "str",
    "to": "str",
    "groupBy": "List[Literal[\"month\", \"session\", \"key\"]]",
    "records": "List[UsageRecord]",
    "totals": "Dict[str, Any]",
})

class User(TypedDict):
    id: str
    email: str
    name: str
    role: Literal["customer", "administrator"]
    tier: Literal["basic", "pro", "max"]
    emailVerified: bool
    createdAt: str

class UserStatistics(TypedDict):
    total: int
    byTier: Dict[str, Any]
    byRole: Dict[str, Any]
    activeUsers: int
    newUsersToday: int
    inactive: int

class VerifyEmailRequest(TypedDict):
    token: str

class VideoTemplate(TypedDict):
    type: Literal["video"]
    media: NotRequired[Dict[str, Any]]
    mediaUrl: NotRequired[str]
    mimetype: NotRequired[str]
    fileName: NotRequired[str]
    caption: NotRequired[str]
    viewOnce: NotRequired[bool]
    gif: NotRequired[bool]
    videoNote: NotRequired[bool]

class VoteRequest(TypedDict):
    options: List[str]
    clientMessageId: NotRequired[str]

class Wait(TypedDict):
    reason: Literal["scheduled", "session", "no_owner", "older_messages", "server_ack", "gap", "chat_gap", "quiet_hours", "daily_limit", "warm_up", "first_contacts", "time_lock"]
    message: str
    until: NotRequired[str]
    sessionState: NotRequired[Literal["initializing", "connecting", "qr_required", "pairing_code", "pairing", "passkey_required", "passkey_confirmation_required", "connected", "stale", "reconnecting", "conflict", "restricted", "banned", "logged_out", "stopped", "error"]]
    ahead: NotRequired[int]

class Webhook(TypedDict):
    url: str
    events: List[str]
    isActive: bool
    lastDelivery: Union[str, None]
    failureCount: int
    createdAt: str

class WebhookEndpoint(TypedDict):
    id: str
    sessionId: Union[str, None]
    isPrimary: bool
    type: Literal["http", "rabbitmq", "nats", "kafka", "sqs", "redis"]
    name: Union[str, None]
    url: str
    configuration: Union[Dict[str, Any], None]
    events: List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]
    chatTypes: Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]
    chats: Union[List[str], None]
    headerNames: List[str]
    hasBasicAuth: bool
    metadata: Union[Dict[str, Any], None]
    ordering: Literal["session", "chat"]
    compat: Optional[Literal["waha"]]
    state: Literal["active", "failing", "down", "paused", "off"]
    isActive: bool
    isPaused: bool
    disabledAt: Union[str, None]
    disabledReason: Union[str, None]
    lastDelivery: Union[str, None]
    failureCount: int
    lastError: Union[str, None]
    lastErrorAt: Union[str, None]
    failingSince: Union[str, None]
    nextProbeAt: Union[str, None]
    backlog: Dict[str, Any]
    previousSecretExpiresAt: Union[str, None]
    createdAt: str
    updatedAt: str

class WebhookEndpointWithSecret(TypedDict):
    id: str
    sessionId: Union[str, None]
    isPrimary: bool
    type: Literal["http", "rabbitmq", "nats", "kafka", "sqs", "redis"]
    name: Union[str, None]
    url: str
    configuration: Union[Dict[str, Any], None]
    events: List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]
    chatTypes: Union[List[Literal["user", "group", "channel", "status", "broadcast"]], None]
    chats: Union[List[str], None]
    headerNames: List[str]
    hasBasicAuth: bool
    metadata: Union[Dict[str, Any], None]
    ordering: Literal["session", "chat"]
    compat: Optional[Literal["waha"]]
    state: Literal["active", "failing", "down", "paused", "off"]
    isActive: bool
    isPaused: bool
    disabledAt: Union[str, None]
    disabledReason: Union[str, None]
    lastDelivery: Union[str, None]
    failureCount: int
    lastError: Union[str, None]
    lastErrorAt: Union[str, None]
    failingSince: Union[str, None]
    nextProbeAt: Union[str, None]
    backlog: Dict[str, Any]
    previousSecretExpiresAt: Union[str, None]
    createdAt: str
    updatedAt: str
    secret: str

class WebhookRequest(TypedDict):
    url: str
    events: NotRequired[List[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched", "*"]]]
    secret: NotRequired[str]

class WebhookWithSecret(TypedDict):
    url: str
    events: List[str]
    isActive: bool
    lastDelivery: Union[str, None]
    failureCount: int
    createdAt: str
    secret: str

class Worker(TypedDict):
    id: str
    endpoint: str
    status: Literal["online", "offline", "maintenance", "pending"]
    state: Literal["ready", "stopping", "offline", "pending", "cordoned", "draining", "maintenance", "retired"]
    network: Literal["live", "sandbox"]
    sessionCount: int
    maxSessions: int
    cpuUsage: float
    memoryUsage: float
    lastHeartbeat: Union[str, None]
    revision: str
    description: Union[str, None]

class WorkerAddedEvent(TypedDict):
    id: str
    event: Literal["worker.added"]
    timestamp: int
    workerId: str
    seq: int
    data: Dict[str, Any]

class WorkerDrainedEvent(TypedDict):
    id: str
    event: Literal["worker.drained"]
    timestamp: int
    workerId: str
    seq: int
    data: Dict[str, Any]

class WorkerMetrics(TypedDict):
    workerId: str
    endpoint: str
    avgCpu: Union[float, None]
    avgMemory: Union[float, None]
    avgSessions: Union[float, None]
    samples: List[Dict[str, Any]]

class WorkerMetricsOfOne(TypedDict):
    range: Literal["1h", "24h", "7d", "30d"]
    intervalSeconds: int
    workerId: str
    endpoint: str
    avgCpu: Union[float, None]
    avgMemory: Union[float, None]
    avgSessions: Union[float, None]
    samples: List[Dict[str, Any]]

class WorkerMetricsResult(TypedDict):
    range: Literal["1h", "24h", "7d", "30d"]
    intervalSeconds: int
    workers: List[WorkerMetrics]

class WorkerOfflineEvent(TypedDict):
    id: str
    event: Literal["worker.offline"]
    timestamp: int
    workerId: str
    seq: int
    data: Dict[str, Any]

class WorkerOnlineEvent(TypedDict):
    id: str
    event: Literal["worker.online"]
    timestamp: int
    workerId: str
    seq: int
    data: Dict[str, Any]

class WorkerRemovedEvent(TypedDict):
    id: str
    event: Literal["worker.removed"]
    timestamp: int
    workerId: str
    seq: int
    data: Dict[str, Any]

class WorkerStateEvent(TypedDict):
    id: str
    event: Literal["worker.state"]
    timestamp: int
    workerId: str
    seq: int
    data: Dict[str, Any]

class WorkerStoppingEvent(TypedDict):
    id: str
    event: Literal["worker.stopping"]
    timestamp: int
    workerId: str
    seq: int
    data: Dict[str, Any]

class WorkerToken(TypedDict):
    workerId: str
    token: str

class Workspace(TypedDict):
    id: str
    name: str
    ownerUserId: str
    workspaceRole: Literal["owner", "operator", "viewer"]
    permissions: List[Literal["messages.send", "logs.view", "media.view", "media.upload", "broadcasts.manage", "users.manage", "webhooks.manage", "system.manage"]]
    members: int
    sessions: int
    createdAt: str

class WorkspaceRequest(TypedDict):
    name: str

class WorkspaceResult(TypedDict):
    workspace: Workspace
