# Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, Iterator, List, Literal, Optional, Union

from ._transport import Namespace, Response, Transport

if TYPE_CHECKING:
    from . import types as t


class AdminSessions(Namespace):
    def get(self, id: str) -> t.AdminSessionDetail:
        """One session of any account. ``GET /api/admin/sessions/{id}``"""
        return self._call("GET", "/api/admin/sessions/{id}", path={"id": id})

    def list(self, *, page: Optional[int] = None, limit: Optional[int] = None, search: Optional[str] = None, status: Optional[Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error", "INIT", "init"]] = None, worker: Optional[str] = None, user: Optional[str] = None) -> t.ListAdminSessionsResult:
        """Sessions of all accounts. ``GET /api/admin/sessions``"""
        return self._call("GET", "/api/admin/sessions", query={"page": page, "limit": limit, "search": search, "status": status, "worker": worker, "user": user})

    def iter_list(self, *, limit: Optional[int] = None, search: Optional[str] = None, status: Optional[Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error", "INIT", "init"]] = None, worker: Optional[str] = None, user: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("sessions", "page", "GET", "/api/admin/sessions", query={"limit": limit, "search": search, "status": status, "worker": worker, "user": user})


class Analytics(Namespace):
    def messages(self, *, range: Optional[Literal["1h", "24h", "7d", "30d"]] = None) -> t.MessageStatistics:
        """Messages of a period, by what became of them. ``GET /api/admin/analytics/messages``"""
        return self._call("GET", "/api/admin/analytics/messages", query={"range": range})

    def overview(self) -> t.Overview:
        """The installation in figures. ``GET /api/admin/analytics``"""
        return self._call("GET", "/api/admin/analytics")

    def sessions(self, *, range: Optional[Literal["1h", "24h", "7d", "30d"]] = None) -> t.SessionStatistics:
        """Sessions as they are now, and what was new in a period. ``GET /api/admin/analytics/sessions``"""
        return self._call("GET", "/api/admin/analytics/sessions", query={"range": range})

    def users(self) -> t.UserStatistics:
        """Users by tier, active and new ones. ``GET /api/admin/analytics/users``"""
        return self._call("GET", "/api/admin/analytics/users")

    def workers(self, *, range: Optional[Literal["1h", "24h", "7d", "30d"]] = None) -> t.WorkerMetricsResult:
        """What the workers had to do in a period. ``GET /api/admin/analytics/workers``"""
        return self._call("GET", "/api/admin/analytics/workers", query={"range": range})


class AuditLogs(Namespace):
    def list(self, *, cursor: Optional[str] = None, limit: Optional[int] = None, action: Optional[str] = None, actor: Optional[str] = None, resource: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None) -> t.ListAuditLogsResult:
        """Who changed what in the workspace. ``GET /api/audit-logs``"""
        return self._call("GET", "/api/audit-logs", query={"cursor": cursor, "limit": limit, "action": action, "actor": actor, "resource": resource, "from": from_, "to": to})

    def iter_list(self, *, limit: Optional[int] = None, action: Optional[str] = None, actor: Optional[str] = None, resource: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("auditLogs", "cursor", "GET", "/api/audit-logs", query={"limit": limit, "action": action, "actor": actor, "resource": resource, "from": from_, "to": to})

    def list_all(self, *, cursor: Optional[str] = None, limit: Optional[int] = None, action: Optional[str] = None, actor: Optional[str] = None, resource: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, workspace: Optional[str] = None) -> t.ListAuditLogsResult:
        """Who changed what in the whole installation. ``GET /api/admin/audit-logs``"""
        return self._call("GET", "/api/admin/audit-logs", query={"cursor": cursor, "limit": limit, "action": action, "actor": actor, "resource": resource, "from": from_, "to": to, "workspace": workspace})

    def iter_list_all(self, *, limit: Optional[int] = None, action: Optional[str] = None, actor: Optional[str] = None, resource: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, workspace: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list_all``, one after the other."""
        return self._pages("auditLogs", "cursor", "GET", "/api/admin/audit-logs", query={"limit": limit, "action": action, "actor": actor, "resource": resource, "from": from_, "to": to, "workspace": workspace})


class Auth(Namespace):
    def change_password(self, body: t.ChangePasswordRequest) -> t.EndedLogins:
        """Change my password. ``POST /api/auth/password``"""
        return self._call("POST", "/api/auth/password", body=body)

    def csrf_token(self) -> t.CsrfResult:
        """Token against cross-site requests. ``GET /api/auth/csrf``"""
        return self._call("GET", "/api/auth/csrf")

    def forgot_password(self, body: t.ForgotPasswordRequest) -> t.Done:
        """Ask for a new password. ``POST /api/auth/forgot-password``"""
        return self._call("POST", "/api/auth/forgot-password", body=body)

    def login(self, body: t.LoginRequest) -> t.LoginResult:
        """Log in. ``POST /api/auth/login``"""
        return self._call("POST", "/api/auth/login", body=body)

    def login_by_link(self, body: t.LoginLinkRequest) -> t.LoginResult:
        """Log in by a link. ``POST /api/auth/login-link``"""
        return self._call("POST", "/api/auth/login-link", body=body)

    def logout(self) -> t.Done:
        """Log out. ``POST /api/auth/logout``"""
        return self._call("POST", "/api/auth/logout")

    def refresh(self, body: t.RefreshRequest) -> t.RefreshResult:
        """Get a new access token. ``POST /api/auth/refresh``"""
        return self._call("POST", "/api/auth/refresh", body=body)

    def register(self, body: t.RegisterRequest) -> t.RegisterResult:
        """Register a user. ``POST /api/auth/register``"""
        return self._call("POST", "/api/auth/register", body=body)

    def resend_verification(self) -> t.Done:
        """Send the mail again that proves my address. ``POST /api/auth/verify-email/resend``"""
        return self._call("POST", "/api/auth/verify-email/resend")

    def reset_password(self, body: t.ResetPasswordRequest) -> t.EndedLogins:
        """Set a new password with a token from a mail. ``POST /api/auth/reset-password``"""
        return self._call("POST", "/api/auth/reset-password", body=body)

    def switch_workspace(self, body: t.SwitchRequest) -> t.SwitchResult:
        """Work in another workspace. ``POST /api/auth/switch``"""
        return self._call("POST", "/api/auth/switch", body=body)

    def verify_email(self, body: t.VerifyEmailRequest) -> t.Done:
        """Prove an address with a token from a mail. ``POST /api/auth/verify-email``"""
        return self._call("POST", "/api/auth/verify-email", body=body)


class Blocklist(Namespace):
    def block(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Block somebody. ``POST /api/sessions/{id}/blocklist/block``"""
        return self._call("POST", "/api/sessions/{id}/blocklist/block", path={"id": id}, body=body)

    def get(self, id: str) -> Dict[str, Any]:
        """Whom the account has blocked. ``GET /api/sessions/{id}/blocklist``"""
        return self._call("GET", "/api/sessions/{id}/blocklist", path={"id": id})

    def unblock(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Unblock somebody. ``POST /api/sessions/{id}/blocklist/unblock``"""
        return self._call("POST", "/api/sessions/{id}/blocklist/unblock", path={"id": id}, body=body)


class Broadcasts(Namespace):
    def add_recipients(self, id: str, body: t.AddRecipientsRequest) -> t.AddedRecipients:
        """Add recipients. ``POST /api/broadcast/{id}/recipients``"""
        return self._call("POST", "/api/broadcast/{id}/recipients", path={"id": id}, body=body)

    def cancel(self, id: str) -> t.Broadcast:
        """Cancel a broadcast. ``POST /api/broadcast/{id}/cancel``"""
        return self._call("POST", "/api/broadcast/{id}/cancel", path={"id": id})

    def create(self, body: t.CreateBroadcastRequest) -> t.CreatedBroadcast:
        """Make a broadcast. ``POST /api/broadcast``"""
        return self._call("POST", "/api/broadcast", body=body)

    def delete(self, id: str) -> t.DeleteBroadcastResult:
        """Delete a broadcast with its report. ``DELETE /api/broadcast/{id}``"""
        return self._call("DELETE", "/api/broadcast/{id}", path={"id": id})

    def get(self, id: str) -> t.Broadcast:
        """One broadcast, with its counts. ``GET /api/broadcast/{id}``"""
        return self._call("GET", "/api/broadcast/{id}", path={"id": id})

    def import_recipients(self, id: str, body: Union[str, bytes]) -> t.AddedRecipients:
        """Add recipients from CSV. ``POST /api/broadcast/{id}/recipients/import``"""
        return self._call("POST", "/api/broadcast/{id}/recipients/import", path={"id": id}, body=body, content_type="text/csv")

    def list(self, *, page: Optional[int] = None, limit: Optional[int] = None, status: Optional[Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]] = None) -> t.ListBroadcastsResult:
        """Broadcasts, the newest first. ``GET /api/broadcast``"""
        return self._call("GET", "/api/broadcast", query={"page": page, "limit": limit, "status": status})

    def iter_list(self, *, limit: Optional[int] = None, status: Optional[Literal["draft", "scheduled", "running", "paused", "completed", "cancelled"]] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("broadcasts", "page", "GET", "/api/broadcast", query={"limit": limit, "status": status})

    def pause(self, id: str) -> t.Broadcast:
        """Pause a broadcast. ``POST /api/broadcast/{id}/pause``"""
        return self._call("POST", "/api/broadcast/{id}/pause", path={"id": id})

    def preview(self, id: str, body: t.PreviewBroadcastRequest) -> t.BroadcastPreview:
        """The message as one recipient would get it. ``POST /api/broadcast/{id}/preview``"""
        return self._call("POST", "/api/broadcast/{id}/preview", path={"id": id}, body=body)

    def report(self, id: str, *, cursor: Optional[str] = None, limit: Optional[int] = None, state: Optional[Literal["pending", "queued", "sent", "failed", "unknown", "skipped", "cancelled", "invalid"]] = None, format: Optional[Literal["json", "csv"]] = None) -> t.BroadcastReport:
        """What became of each recipient. ``GET /api/broadcast/{id}/report``"""
        return self._call("GET", "/api/broadcast/{id}/report", path={"id": id}, query={"cursor": cursor, "limit": limit, "state": state, "format": format})

    def resume(self, id: str) -> t.Broadcast:
        """Go on with a paused broadcast. ``POST /api/broadcast/{id}/resume``"""
        return self._call("POST", "/api/broadcast/{id}/resume", path={"id": id})

    def start(self, id: str) -> t.Broadcast:
        """Start a broadcast. ``POST /api/broadcast/{id}/start``"""
        return self._call("POST", "/api/broadcast/{id}/start", path={"id": id})

    def update(self, id: str, body: t.UpdateBroadcastRequest) -> t.Broadcast:
        """Change a broadcast that has not begun. ``PATCH /api/broadcast/{id}``"""
        return self._call("PATCH", "/api/broadcast/{id}", path={"id": id}, body=body)


class Calls(Namespace):
    def list(self, id: str, *, cursor: Optional[str] = None, limit: Optional[int] = None, status: Optional[Literal["ringing", "accepted", "rejected", "missed", "ended"]] = None) -> Dict[str, Any]:
        """Calls that came to the account, the latest first. ``GET /api/sessions/{id}/calls``"""
        return self._call("GET", "/api/sessions/{id}/calls", path={"id": id}, query={"cursor": cursor, "limit": limit, "status": status})

    def iter_list(self, id: str, *, limit: Optional[int] = None, status: Optional[Literal["ringing", "accepted", "rejected", "missed", "ended"]] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("calls", "cursor", "GET", "/api/sessions/{id}/calls", path={"id": id}, query={"limit": limit, "status": status})

    def reject(self, id: str, call: str) -> Dict[str, Any]:
        """Reject a call. ``POST /api/sessions/{id}/calls/{call}/reject``"""
        return self._call("POST", "/api/sessions/{id}/calls/{call}/reject", path={"id": id, "call": call})


class Channels(Namespace):
    def create(self, id: str, body: Dict[str, Any]) -> t.Channel:
        """Create a channel. ``POST /api/sessions/{id}/channels``"""
        return self._call("POST", "/api/sessions/{id}/channels", path={"id": id}, body=body)

    def delete(self, id: str, channel: str) -> Dict[str, Any]:
        """Delete a channel of the account. ``DELETE /api/sessions/{id}/channels/{channel}``"""
        return self._call("DELETE", "/api/sessions/{id}/channels/{channel}", path={"id": id, "channel": channel})

    def delete_post(self, id: str, channel: str, wa_message_id: str) -> Dict[str, Any]:
        """Delete a post of the account, for everybody. ``DELETE /api/sessions/{id}/channels/{channel}/posts/{waMessageId}``"""
        return self._call("DELETE", "/api/sessions/{id}/channels/{channel}/posts/{waMessageId}", path={"id": id, "channel": channel, "waMessageId": wa_message_id})

    def edit_post(self, id: str, channel: str, wa_message_id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Edit the text of a post of the account. ``PATCH /api/sessions/{id}/channels/{channel}/posts/{waMessageId}``"""
        return self._call("PATCH", "/api/sessions/{id}/channels/{channel}/posts/{waMessageId}", path={"id": id, "channel": channel, "waMessageId": wa_message_id}, body=body)

    def follow(self, id: str, channel: str) -> t.Channel:
        """Follow a channel. ``PUT /api/sessions/{id}/channels/{channel}/follow``"""
        return self._call("PUT", "/api/sessions/{id}/channels/{channel}/follow", path={"id": id, "channel": channel})

    def get(self, id: str, channel: str) -> t.Channel:
        """A channel, by its id or its link. ``GET /api/sessions/{id}/channels/{channel}``"""
        return self._call("GET", "/api/sessions/{id}/channels/{channel}", path={"id": id, "channel": channel})

    def list(self, id: str) -> Dict[str, Any]:
        """Channels that the account owns or follows. ``GET /api/sessions/{id}/channels``"""
        return self._call("GET", "/api/sessions/{id}/channels", path={"id": id})

    def mute(self, id: str, channel: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Mute a channel, or let it be heard again. ``PUT /api/sessions/{id}/channels/{channel}/mute``"""
        return self._call("PUT", "/api/sessions/{id}/channels/{channel}/mute", path={"id": id, "channel": channel}, body=body)

    def posts(self, id: str, channel: str, *, limit: Optional[int] = None, before: Optional[str] = None) -> Dict[str, Any]:
        """Posts of a channel with their views and reactions. ``GET /api/sessions/{id}/channels/{channel}/posts``"""
        return self._call("GET", "/api/sessions/{id}/channels/{channel}/posts", path={"id": id, "channel": channel}, query={"limit": limit, "before": before})

    def react(self, id: str, channel: str, server_id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """React to a post of a channel, or take the reaction back. ``PUT /api/sessions/{id}/channels/{channel}/posts/{serverId}/reaction``"""
        return self._call("PUT", "/api/sessions/{id}/channels/{channel}/posts/{serverId}/reaction", path={"id": id, "channel": channel, "serverId": server_id}, body=body)

    def search(self, id: str, *, text: str, limit: Optional[int] = None, cursor: Optional[str] = None) -> Dict[str, Any]:
        """Find public channels by words. ``GET /api/sessions/{id}/channels/search``"""
        return self._call("GET", "/api/sessions/{id}/channels/search", path={"id": id}, query={"text": text, "limit": limit, "cursor": cursor})

    def unfollow(self, id: str, channel: str) -> Dict[str, Any]:
        """Follow a channel no longer. ``DELETE /api/sessions/{id}/channels/{channel}/follow``"""
        return self._call("DELETE", "/api/sessions/{id}/channels/{channel}/follow", path={"id": id, "channel": channel})

    def update(self, id: str, channel: str, body: Dict[str, Any]) -> t.Channel:
        """Change name, description or picture of a channel. ``PATCH /api/sessions/{id}/channels/{channel}``"""
        return self._call("PATCH", "/api/sessions/{id}/channels/{channel}", path={"id": id, "channel": channel}, body=body)


class Chats(Namespace):
    def clear(self, id: str, chat: str, body: Union[Dict[str, Any], None]) -> Dict[str, Any]:
        """Clear a chat. ``POST /api/sessions/{id}/chats/{chat}/clear``"""
        return self._call("POST", "/api/sessions/{id}/chats/{chat}/clear", path={"id": id, "chat": chat}, body=body)

    def delete(self, id: str, chat: str) -> Dict[str, Any]:
        """Delete a chat. ``DELETE /api/sessions/{id}/chats/{chat}``"""
        return self._call("DELETE", "/api/sessions/{id}/chats/{chat}", path={"id": id, "chat": chat})

    def fetch_history(self, id: str, chat: str, body: Union[t.FetchHistoryRequest, None]) -> t.FetchedHistory:
        """Ask the phone for older messages of a chat. ``POST /api/sessions/{id}/chats/{chat}/history``"""
        return self._call("POST", "/api/sessions/{id}/chats/{chat}/history", path={"id": id, "chat": chat}, body=body)

    def list(self, id: str, *, cursor: Optional[str] = None, limit: Optional[int] = None, archived: Optional[bool] = None, pinned: Optional[bool] = None, muted: Optional[bool] = None, label: Optional[str] = None, unread: Optional[bool] = None, search: Optional[str] = None) -> t.ListChatsResult:
        """Chats of a session, the latest first. ``GET /api/sessions/{id}/chats``"""
        return self._call("GET", "/api/sessions/{id}/chats", path={"id": id}, query={"cursor": cursor, "limit": limit, "archived": archived, "pinned": pinned, "muted": muted, "label": label, "unread": unread, "search": search})

    def iter_list(self, id: str, *, limit: Optional[int] = None, archived: Optional[bool] = None, pinned: Optional[bool] = None, muted: Optional[bool] = None, label: Optional[str] = None, unread: Optional[bool] = None, search: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("chats", "cursor", "GET", "/api/sessions/{id}/chats", path={"id": id}, query={"limit": limit, "archived": archived, "pinned": pinned, "muted": muted, "label": label, "unread": unread, "search": search})

    def list_all(self, *, cursor: Optional[str] = None, limit: Optional[int] = None, archived: Optional[bool] = None, pinned: Optional[bool] = None, muted: Optional[bool] = None, label: Optional[str] = None, unread: Optional[bool] = None, search: Optional[str] = None, session_id: Optional[str] = None) -> t.ListChatsResult:
        """Chats of all sessions, the latest first. ``GET /api/chats``"""
        return self._call("GET", "/api/chats", query={"cursor": cursor, "limit": limit, "archived": archived, "pinned": pinned, "muted": muted, "label": label, "unread": unread, "search": search, "sessionId": session_id})

    def iter_list_all(self, *, limit: Optional[int] = None, archived: Optional[bool] = None, pinned: Optional[bool] = None, muted: Optional[bool] = None, label: Optional[str] = None, unread: Optional[bool] = None, search: Optional[str] = None, session_id: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list_all``, one after the other."""
        return self._pages("chats", "cursor", "GET", "/api/chats", query={"limit": limit, "archived": archived, "pinned": pinned, "muted": muted, "label": label, "unread": unread, "search": search, "sessionId": session_id})

    def mark_read(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Mark a chat as read. ``POST /api/sessions/{id}/chats/read``"""
        return self._call("POST", "/api/sessions/{id}/chats/read", path={"id": id}, body=body)

    def mark_unread(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Mark a chat as unread. ``POST /api/sessions/{id}/chats/unread``"""
        return self._call("POST", "/api/sessions/{id}/chats/unread", path={"id": id}, body=body)

    def messages(self, id: str, chat: str, *, cursor: Optional[str] = None, limit: Optional[int] = None, after: Optional[str] = None, direction: Optional[Literal["inbound", "outbound"]] = None, from_me: Optional[bool] = None, source: Optional[Literal["api", "phone"]] = None, type: Optional[Literal["text", "location", "contact", "poll", "event", "groupInvite", "buttons", "list", "image", "video", "audio", "document", "sticker", "album", "buttonReply", "listReply", "order", "product", "interactive", "template", "phoneNumberRequest", "reaction", "system", "unknown"]] = None, has_media: Optional[bool] = None, status: Optional[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]] = None, state: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]] = None, contact: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, text: Optional[str] = None, count: Optional[bool] = None) -> t.ListMessagesResult:
        """Messages of a chat of a session, newest first. ``GET /api/sessions/{id}/chats/{chat}/messages``"""
        return self._call("GET", "/api/sessions/{id}/chats/{chat}/messages", path={"id": id, "chat": chat}, query={"cursor": cursor, "limit": limit, "after": after, "direction": direction, "fromMe": from_me, "source": source, "type": type, "hasMedia": has_media, "status": status, "state": state, "contact": contact, "from": from_, "to": to, "text": text, "count": count})

    def iter_messages(self, id: str, chat: str, *, limit: Optional[int] = None, after: Optional[str] = None, direction: Optional[Literal["inbound", "outbound"]] = None, from_me: Optional[bool] = None, source: Optional[Literal["api", "phone"]] = None, type: Optional[Literal["text", "location", "contact", "poll", "event", "groupInvite", "buttons", "list", "image", "video", "audio", "document", "sticker", "album", "buttonReply", "listReply", "order", "product", "interactive", "template", "phoneNumberRequest", "reaction", "system", "unknown"]] = None, has_media: Optional[bool] = None, status: Optional[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]] = None, state: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]] = None, contact: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, text: Optional[str] = None, count: Optional[bool] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``messages``, one after the other."""
        return self._pages("messages", "cursor", "GET", "/api/sessions/{id}/chats/{chat}/messages", path={"id": id, "chat": chat}, query={"limit": limit, "after": after, "direction": direction, "fromMe": from_me, "source": source, "type": type, "hasMedia": has_media, "status": status, "state": state, "contact": contact, "from": from_, "to": to, "text": text, "count": count})

    def messages_of_all(self, chat: str, *, cursor: Optional[str] = None, limit: Optional[int] = None, after: Optional[str] = None, direction: Optional[Literal["inbound", "outbound"]] = None, from_me: Optional[bool] = None, source: Optional[Literal["api", "phone"]] = None, type: Optional[Literal["text", "location", "contact", "poll", "event", "groupInvite", "buttons", "list", "image", "video", "audio", "document", "sticker", "album", "buttonReply", "listReply", "order", "product", "interactive", "template", "phoneNumberRequest", "reaction", "system", "unknown"]] = None, has_media: Optional[bool] = None, status: Optional[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]] = None, state: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]] = None, contact: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, text: Optional[str] = None, count: Optional[bool] = None, session_id: Optional[str] = None) -> t.ListMessagesResult:
        """Messages of a chat, newest first. ``GET /api/chats/{chat}/messages``"""
        return self._call("GET", "/api/chats/{chat}/messages", path={"chat": chat}, query={"cursor": cursor, "limit": limit, "after": after, "direction": direction, "fromMe": from_me, "source": source, "type": type, "hasMedia": has_media, "status": status, "state": state, "contact": contact, "from": from_, "to": to, "text": text, "count": count, "sessionId": session_id})

    def iter_messages_of_all(self, chat: str, *, limit: Optional[int] = None, after: Optional[str] = None, direction: Optional[Literal["inbound", "outbound"]] = None, from_me: Optional[bool] = None, source: Optional[Literal["api", "phone"]] = None, type: Optional[Literal["text", "location", "contact", "poll", "event", "groupInvite", "buttons", "list", "image", "video", "audio", "document", "sticker", "album", "buttonReply", "listReply", "order", "product", "interactive", "template", "phoneNumberRequest", "reaction", "system", "unknown"]] = None, has_media: Optional[bool] = None, status: Optional[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]] = None, state: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]] = None, contact: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, text: Optional[str] = None, count: Optional[bool] = None, session_id: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``messages_of_all``, one after the other."""
        return self._pages("messages", "cursor", "GET", "/api/chats/{chat}/messages", path={"chat": chat}, query={"limit": limit, "after": after, "direction": direction, "fromMe": from_me, "source": source, "type": type, "hasMedia": has_media, "status": status, "state": state, "contact": contact, "from": from_, "to": to, "text": text, "count": count, "sessionId": session_id})

    def sync(self, id: str, body: Union[Dict[str, Any], None]) -> Dict[str, Any]:
        """Read what has changed of chats and labels. ``POST /api/sessions/{id}/chats/sync``"""
        return self._call("POST", "/api/sessions/{id}/chats/sync", path={"id": id}, body=body)

    def update(self, id: str, chat: str, body: t.UpdateChatRequest) -> t.ChatSettings:
        """Archive, pin or mute a chat. ``PATCH /api/sessions/{id}/chats/{chat}``"""
        return self._call("PATCH", "/api/sessions/{id}/chats/{chat}", path={"id": id, "chat": chat}, body=body)


class Communities(Namespace):
    def create(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Create a community. ``POST /api/sessions/{id}/communities``"""
        return self._call("POST", "/api/sessions/{id}/communities", path={"id": id}, body=body)

    def groups(self, id: str, community: str) -> Dict[str, Any]:
        """The groups of a community. ``GET /api/sessions/{id}/communities/{community}/groups``"""
        return self._call("GET", "/api/sessions/{id}/communities/{community}/groups", path={"id": id, "community": community})

    def link(self, id: str, community: str, group: str) -> Dict[str, Any]:
        """Link a group to a community. ``PUT /api/sessions/{id}/communities/{community}/groups/{group}``"""
        return self._call("PUT", "/api/sessions/{id}/communities/{community}/groups/{group}", path={"id": id, "community": community, "group": group})

    def unlink(self, id: str, community: str, group: str) -> Dict[str, Any]:
        """Take a group out of its community. ``DELETE /api/sessions/{id}/communities/{community}/groups/{group}``"""
        return self._call("DELETE", "/api/sessions/{id}/communities/{community}/groups/{group}", path={"id": id, "community": community, "group": group})


class Contacts(Namespace):
    def about(self, id: str, *, contact: str) -> Dict[str, Any]:
        """The about text of a contact. ``GET /api/sessions/{id}/contacts/about``"""
        return self._call("GET", "/api/sessions/{id}/contacts/about", path={"id": id}, query={"contact": contact})

    def check(self, id: str, *, numbers: str, max_age_seconds: Optional[int] = None) -> Dict[str, Any]:
        """Whether numbers are on WhatsApp. ``GET /api/sessions/{id}/contacts/check``"""
        return self._call("GET", "/api/sessions/{id}/contacts/check", path={"id": id}, query={"numbers": numbers, "maxAgeSeconds": max_age_seconds})

    def delete(self, id: str, *, erase: Optional[bool] = None) -> t.DeleteContactResult:
        """Delete a contact, or everything of a person. ``DELETE /api/contacts/{id}``"""
        return self._call("DELETE", "/api/contacts/{id}", path={"id": id}, query={"erase": erase})

    def export(self) -> Response:
        """All contacts as CSV. ``GET /api/contacts/export``"""
        return self._call("GET", "/api/contacts/export", answer="response")

    def get(self, id: str) -> t.Contact:
        """One contact. ``GET /api/contacts/{id}``"""
        return self._call("GET", "/api/contacts/{id}", path={"id": id})

    def import_(self, body: Union[str, bytes]) -> t.ImportContactsResult:
        """Save contacts from CSV. ``POST /api/contacts/import``"""
        return self._call("POST", "/api/contacts/import", body=body, content_type="text/csv")

    def label(self, id: str, body: t.LabelContactRequest) -> t.Contact:
        """Label a contact. ``PUT /api/contacts/{id}/labels``"""
        return self._call("PUT", "/api/contacts/{id}/labels", path={"id": id}, body=body)

    def lid(self, id: str, *, phone_number: str) -> t.Lid:
        """The LID of a phone number. ``GET /api/sessions/{id}/lids``"""
        return self._call("GET", "/api/sessions/{id}/lids", path={"id": id}, query={"phoneNumber": phone_number})

    def list(self, *, page: Optional[int] = None, limit: Optional[int] = None, search: Optional[str] = None, session_id: Optional[str] = None) -> t.ListContactsResult:
        """Contacts, by name. ``GET /api/contacts``"""
        return self._call("GET", "/api/contacts", query={"page": page, "limit": limit, "search": search, "sessionId": session_id})

    def iter_list(self, *, limit: Optional[int] = None, search: Optional[str] = None, session_id: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("contacts", "page", "GET", "/api/contacts", query={"limit": limit, "search": search, "sessionId": session_id})

    def of_lid(self, id: str, lid: str) -> t.Lid:
        """The phone number of a LID. ``GET /api/sessions/{id}/lids/{lid}``"""
        return self._call("GET", "/api/sessions/{id}/lids/{lid}", path={"id": id, "lid": lid})

    def picture(self, id: str, *, contact: str, size: Optional[Literal["full", "preview"]] = None) -> Dict[str, Any]:
        """The address of the picture of a contact. ``GET /api/sessions/{id}/contacts/picture``"""
        return self._call("GET", "/api/sessions/{id}/contacts/picture", path={"id": id}, query={"contact": contact, "size": size})

    def profile(self, id: str, *, contact: str, max_age_seconds: Optional[int] = None) -> t.ContactProfile:
        """Picture and business profile of a contact. ``GET /api/sessions/{id}/contacts/profile``"""
        return self._call("GET", "/api/sessions/{id}/contacts/profile", path={"id": id}, query={"contact": contact, "maxAgeSeconds": max_age_seconds})

    def save(self, body: t.SaveContactRequest) -> t.Contact:
        """Save a contact. ``POST /api/contacts``"""
        return self._call("POST", "/api/contacts", body=body)

    def save_name(self, id: str, body: Dict[str, Any]) -> t.Identity:
        """Save a contact in the address book of the account. ``PUT /api/sessions/{id}/contacts/name``"""
        return self._call("PUT", "/api/sessions/{id}/contacts/name", path={"id": id}, body=body)

    def update(self, id: str, body: t.UpdateContactRequest) -> t.Contact:
        """Change the saved name of a contact. ``PATCH /api/contacts/{id}``"""
        return self._call("PATCH", "/api/contacts/{id}", path={"id": id}, body=body)


class Dashboard(Namespace):
    def get_history(self, *, scope: Optional[Literal["workspace", "platform"]] = None, by: Optional[Literal["day", "week", "month"]] = None) -> t.DashboardHistory:
        """How things were: messages, contacts, failures, response times, usage. ``GET /api/dashboard/history``"""
        return self._call("GET", "/api/dashboard/history", query={"scope": scope, "by": by})

    def get_metrics(self, *, scope: Optional[Literal["workspace", "platform"]] = None) -> t.DashboardMetrics:
        """How things are now. ``GET /api/dashboard/metrics``"""
        return self._call("GET", "/api/dashboard/metrics", query={"scope": scope})


class DefaultSession(Namespace):
    def logout(self, body: t.DefaultSessionBody, *, session_id: Optional[str] = None) -> t.SessionAction:
        """Unlink the device; asking for a QR code links it again. ``POST /api/whatsapp/logout``"""
        return self._call("POST", "/api/whatsapp/logout", query={"sessionId": session_id}, body=body)

    def qr(self, *, format: Optional[Literal["json", "png", "svg"]] = None, session_id: Optional[str] = None) -> t.Qr:
        """The QR code to scan. ``GET /api/qr``"""
        return self._call("GET", "/api/qr", query={"format": format, "sessionId": session_id})

    def qr_history(self, *, cursor: Optional[str] = None, limit: Optional[int] = None, session_id: Optional[str] = None) -> t.QrHistoryResult:
        """When QR codes were shown, and what became of them. ``GET /api/qr/history``"""
        return self._call("GET", "/api/qr/history", query={"cursor": cursor, "limit": limit, "sessionId": session_id})

    def iter_qr_history(self, *, limit: Optional[int] = None, session_id: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``qr_history``, one after the other."""
        return self._pages("history", "cursor", "GET", "/api/qr/history", query={"limit": limit, "sessionId": session_id})

    def restart(self, body: t.DefaultSessionBody, *, session_id: Optional[str] = None) -> t.SessionAction:
        """Close the connection to WhatsApp and open it again. ``POST /api/whatsapp/restart``"""
        return self._call("POST", "/api/whatsapp/restart", query={"sessionId": session_id}, body=body)

    def status(self, *, session_id: Optional[str] = None) -> t.SessionStatus:
        """Status of the connection to WhatsApp. ``GET /api/whatsapp/status``"""
        return self._call("GET", "/api/whatsapp/status", query={"sessionId": session_id})


class Deletions(Namespace):
    def get(self, id: str) -> t.Deletion:
        """How far a deletion is. ``GET /api/deletions/{id}``"""
        return self._call("GET", "/api/deletions/{id}", path={"id": id})


class ErrorCodes(Namespace):
    def get(self, code: str) -> t.ErrorDescription:
        """What an error code means. ``GET /api/errors/{code}``"""
        return self._call("GET", "/api/errors/{code}", path={"code": code})

    def list(self) -> List[t.ErrorDescription]:
        """All error codes and what they mean. ``GET /api/errors``"""
        return self._call("GET", "/api/errors")


class Events(Namespace):
    def create_ticket(self, body: Union[Dict[str, Any], None]) -> Dict[str, Any]:
        """A ticket with which a browser opens a stream. ``POST /api/events/tickets``"""
        return self._call("POST", "/api/events/tickets", body=body)

    def list(self, *, after: Optional[str] = None, limit: Optional[int] = None, wait: Optional[int] = None, session_id: Optional[str] = None, events: Optional[str] = None, chat: Optional[str] = None) -> Dict[str, Any]:
        """Events of all sessions. ``GET /api/events``"""
        return self._call("GET", "/api/events", query={"after": after, "limit": limit, "wait": wait, "sessionId": session_id, "events": events, "chat": chat})

    def iter_list(self, *, after: Optional[str] = None, limit: Optional[int] = None, session_id: Optional[str] = None, events: Optional[str] = None, chat: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("events", "after", "GET", "/api/events", query={"after": after, "limit": limit, "sessionId": session_id, "events": events, "chat": chat})

    def list_of_session(self, id: str, *, after: Optional[str] = None, limit: Optional[int] = None, wait: Optional[int] = None, events: Optional[str] = None, chat: Optional[str] = None) -> Dict[str, Any]:
        """Events of a session. ``GET /api/sessions/{id}/events``"""
        return self._call("GET", "/api/sessions/{id}/events", path={"id": id}, query={"after": after, "limit": limit, "wait": wait, "events": events, "chat": chat})

    def iter_list_of_session(self, id: str, *, after: Optional[str] = None, limit: Optional[int] = None, events: Optional[str] = None, chat: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list_of_session``, one after the other."""
        return self._pages("events", "after", "GET", "/api/sessions/{id}/events", path={"id": id}, query={"after": after, "limit": limit, "events": events, "chat": chat})


class Fleet(Namespace):
    def autoscaling(self) -> t.Autoscaling:
        """How many workers there should be. ``GET /api/admin/autoscaling``"""
        return self._call("GET", "/api/admin/autoscaling")

    def operate(self, body: t.FleetOperationRequest) -> Dict[str, Any]:
        """Ask something of all workers. ``POST /api/admin/workers/broadcast``"""
        return self._call("POST", "/api/admin/workers/broadcast", body=body)

    def rebalance(self) -> t.RebalanceResult:
        """Rebalance now. ``POST /api/admin/workers/rebalance``"""
        return self._call("POST", "/api/admin/workers/rebalance")


class Groups(Namespace):
    def accept_invitation(self, id: str, group: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Accept a personal invitation into a group. ``POST /api/sessions/{id}/groups/{group}/invitations/accept``"""
        return self._call("POST", "/api/sessions/{id}/groups/{group}/invitations/accept", path={"id": id, "group": group}, body=body)

    def add_participants(self, id: str, group: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Add people to a group. ``POST /api/sessions/{id}/groups/{group}/participants``"""
        return self._call("POST", "/api/sessions/{id}/groups/{group}/participants", path={"id": id, "group": group}, body=body)

    def approve_join_requests(self, id: str, group: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Let people join who have asked. ``POST /api/sessions/{id}/groups/{group}/join-requests/approve``"""
        return self._call("POST", "/api/sessions/{id}/groups/{group}/join-requests/approve", path={"id": id, "group": group}, body=body)

    def create(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Create a group. ``POST /api/sessions/{id}/groups``"""
        return self._call("POST", "/api/sessions/{id}/groups", path={"id": id}, body=body)

    def demote_participants(self, id: str, group: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Make admins members. ``POST /api/sessions/{id}/groups/{group}/participants/demote``"""
        return self._call("POST", "/api/sessions/{id}/groups/{group}/participants/demote", path={"id": id, "group": group}, body=body)

    def export_participants(self, id: str, group: str) -> Response:
        """The participants of a group as a table (CSV). ``GET /api/sessions/{id}/groups/{group}/participants/export``"""
        return self._call("GET", "/api/sessions/{id}/groups/{group}/participants/export", path={"id": id, "group": group}, answer="response")

    def get(self, id: str, group: str, *, max_age_seconds: Optional[int] = None) -> Dict[str, Any]:
        """A group with its participants. ``GET /api/sessions/{id}/groups/{group}``"""
        return self._call("GET", "/api/sessions/{id}/groups/{group}", path={"id": id, "group": group}, query={"maxAgeSeconds": max_age_seconds})

    def invite_code(self, id: str, group: str) -> Dict[str, Any]:
        """The link that invites into a group. ``GET /api/sessions/{id}/groups/{group}/invite``"""
        return self._call("GET", "/api/sessions/{id}/groups/{group}/invite", path={"id": id, "group": group})

    def invite_info(self, id: str, code: str) -> Dict[str, Any]:
        """The group behind a link. ``GET /api/sessions/{id}/group-invites/{code}``"""
        return self._call("GET", "/api/sessions/{id}/group-invites/{code}", path={"id": id, "code": code})

    def join(self, id: str, code: str) -> Dict[str, Any]:
        """Join a group by its link. ``POST /api/sessions/{id}/group-invites/{code}/join``"""
        return self._call("POST", "/api/sessions/{id}/group-invites/{code}/join", path={"id": id, "code": code})

    def join_requests(self, id: str, group: str) -> Dict[str, Any]:
        """Who asks to join a group. ``GET /api/sessions/{id}/groups/{group}/join-requests``"""
        return self._call("GET", "/api/sessions/{id}/groups/{group}/join-requests", path={"id": id, "group": group})

    def leave(self, id: str, group: str) -> Dict[str, Any]:
        """Leave a group. ``POST /api/sessions/{id}/groups/{group}/leave``"""
        return self._call("POST", "/api/sessions/{id}/groups/{group}/leave", path={"id": id, "group": group})

    def list(self, id: str, *, page: Optional[int] = None, limit: Optional[int] = None, search: Optional[str] = None, community: Optional[str] = None, all: Optional[bool] = None, max_age_seconds: Optional[int] = None) -> Dict[str, Any]:
        """Groups of the account, by name. ``GET /api/sessions/{id}/groups``"""
        return self._call("GET", "/api/sessions/{id}/groups", path={"id": id}, query={"page": page, "limit": limit, "search": search, "community": community, "all": all, "maxAgeSeconds": max_age_seconds})

    def iter_list(self, id: str, *, limit: Optional[int] = None, search: Optional[str] = None, community: Optional[str] = None, all: Optional[bool] = None, max_age_seconds: Optional[int] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("groups", "page", "GET", "/api/sessions/{id}/groups", path={"id": id}, query={"limit": limit, "search": search, "community": community, "all": all, "maxAgeSeconds": max_age_seconds})

    def picture(self, id: str, group: str) -> Dict[str, Any]:
        """The picture of a group. ``GET /api/sessions/{id}/groups/{group}/picture``"""
        return self._call("GET", "/api/sessions/{id}/groups/{group}/picture", path={"id": id, "group": group})

    def promote_participants(self, id: str, group: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Make members admins. ``POST /api/sessions/{id}/groups/{group}/participants/promote``"""
        return self._call("POST", "/api/sessions/{id}/groups/{group}/participants/promote", path={"id": id, "group": group}, body=body)

    def reject_join_requests(self, id: str, group: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Refuse people who have asked to join. ``POST /api/sessions/{id}/groups/{group}/join-requests/reject``"""
        return self._call("POST", "/api/sessions/{id}/groups/{group}/join-requests/reject", path={"id": id, "group": group}, body=body)

    def remove_participants(self, id: str, group: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Remove people from a group. ``POST /api/sessions/{id}/groups/{group}/participants/remove``"""
        return self._call("POST", "/api/sessions/{id}/groups/{group}/participants/remove", path={"id": id, "group": group}, body=body)

    def remove_picture(self, id: str, group: str) -> Dict[str, Any]:
        """Remove the picture of a group. ``DELETE /api/sessions/{id}/groups/{group}/picture``"""
        return self._call("DELETE", "/api/sessions/{id}/groups/{group}/picture", path={"id": id, "group": group})

    def revoke_invitations(self, id: str, group: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Take back personal invitations into a group. ``POST /api/sessions/{id}/groups/{group}/invitations/revoke``"""
        return self._call("POST", "/api/sessions/{id}/groups/{group}/invitations/revoke", path={"id": id, "group": group}, body=body)

    def revoke_invite(self, id: str, group: str) -> Dict[str, Any]:
        """Replace the link that invites into a group. ``POST /api/sessions/{id}/groups/{group}/invite/revoke``"""
        return self._call("POST", "/api/sessions/{id}/groups/{group}/invite/revoke", path={"id": id, "group": group})

    def set_picture(self, id: str, group: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Change the picture of a group. ``PUT /api/sessions/{id}/groups/{group}/picture``"""
        return self._call("PUT", "/api/sessions/{id}/groups/{group}/picture", path={"id": id, "group": group}, body=body)

    def update(self, id: str, group: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Change subject, description, settings or timer of a group. ``PATCH /api/sessions/{id}/groups/{group}``"""
        return self._call("PATCH", "/api/sessions/{id}/groups/{group}", path={"id": id, "group": group}, body=body)


class Health(Namespace):
    def get(self) -> t.Health:
        """State of the gateway and of what it needs. ``GET /health``"""
        return self._call("GET", "/health", answer="json")

    def get_of_api(self) -> t.Health:
        """State of the gateway and of what it needs. ``GET /api/health``"""
        return self._call("GET", "/api/health", answer="json")

    def live(self) -> t.Probe:
        """The process is alive. ``GET /livez``"""
        return self._call("GET", "/livez", answer="json")

    def ready(self) -> t.Probe:
        """Requests can be answered. ``GET /readyz``"""
        return self._call("GET", "/readyz", answer="json")


class Invitations(Namespace):
    def accept(self, token: str) -> t.AcceptInvitationResult:
        """Accept an invitation. ``POST /api/invitations/{token}/accept``"""
        return self._call("POST", "/api/invitations/{token}/accept", path={"token": token})

    def create(self, id: str, body: t.InviteRequest) -> t.InviteResult:
        """Invite somebody. ``POST /api/workspaces/{id}/invitations``"""
        return self._call("POST", "/api/workspaces/{id}/invitations", path={"id": id}, body=body)

    def get(self, token: str) -> t.OpenInvitationResult:
        """Look at an invitation. ``GET /api/invitations/{token}``"""
        return self._call("GET", "/api/invitations/{token}", path={"token": token})

    def list(self, id: str, *, page: Optional[int] = None, limit: Optional[int] = None) -> t.ListInvitationsResult:
        """List open invitations. ``GET /api/workspaces/{id}/invitations``"""
        return self._call("GET", "/api/workspaces/{id}/invitations", path={"id": id}, query={"page": page, "limit": limit})

    def iter_list(self, id: str, *, limit: Optional[int] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("invitations", "page", "GET", "/api/workspaces/{id}/invitations", path={"id": id}, query={"limit": limit})

    def withdraw(self, id: str, invitation_id: str) -> t.RevokeInvitationResult:
        """Withdraw an invitation. ``DELETE /api/workspaces/{id}/invitations/{invitationId}``"""
        return self._call("DELETE", "/api/workspaces/{id}/invitations/{invitationId}", path={"id": id, "invitationId": invitation_id})


class Keys(Namespace):
    def create(self, body: t.CreateKeyRequest) -> t.CreatedKeyResult:
        """Make an API key. ``POST /api/keys``"""
        return self._call("POST", "/api/keys", body=body)

    def get(self, id: str) -> t.KeyResult:
        """One API key. ``GET /api/keys/{id}``"""
        return self._call("GET", "/api/keys/{id}", path={"id": id})

    def list(self, *, page: Optional[int] = None, limit: Optional[int] = None, include_ended: Optional[bool] = None, scope: Optional[Literal["session", "workspace", "admin"]] = None) -> t.ListKeysResult:
        """List API keys. ``GET /api/keys``"""
        return self._call("GET", "/api/keys", query={"page": page, "limit": limit, "includeEnded": include_ended, "scope": scope})

    def iter_list(self, *, limit: Optional[int] = None, include_ended: Optional[bool] = None, scope: Optional[Literal["session", "workspace", "admin"]] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("keys", "page", "GET", "/api/keys", query={"limit": limit, "includeEnded": include_ended, "scope": scope})

    def revoke(self, id: str) -> t.KeyResult:
        """Revoke an API key. ``DELETE /api/keys/{id}``"""
        return self._call("DELETE", "/api/keys/{id}", path={"id": id})

    def rotate(self, id: str, body: t.RotateKeyRequest) -> t.RotatedKeyResult:
        """Put a new key in the place of an old one. ``POST /api/keys/{id}/rotate``"""
        return self._call("POST", "/api/keys/{id}/rotate", path={"id": id}, body=body)

    def update(self, id: str, body: t.UpdateKeyRequest) -> t.KeyResult:
        """Change an API key. ``PATCH /api/keys/{id}``"""
        return self._call("PATCH", "/api/keys/{id}", path={"id": id}, body=body)


class Labels(Namespace):
    def assign_chat(self, id: str, label: str, chat: str) -> Dict[str, Any]:
        """Give a chat a label. ``PUT /api/sessions/{id}/labels/{label}/chats/{chat}``"""
        return self._call("PUT", "/api/sessions/{id}/labels/{label}/chats/{chat}", path={"id": id, "label": label, "chat": chat})

    def assign_message(self, id: str, label: str, message_id: str) -> Dict[str, Any]:
        """Give a message a label. ``PUT /api/sessions/{id}/labels/{label}/messages/{messageId}``"""
        return self._call("PUT", "/api/sessions/{id}/labels/{label}/messages/{messageId}", path={"id": id, "label": label, "messageId": message_id})

    def create(self, id: str, body: Dict[str, Any]) -> t.Label:
        """Create a label. ``POST /api/sessions/{id}/labels``"""
        return self._call("POST", "/api/sessions/{id}/labels", path={"id": id}, body=body)

    def delete(self, id: str, label: str) -> Dict[str, Any]:
        """Delete a label. ``DELETE /api/sessions/{id}/labels/{label}``"""
        return self._call("DELETE", "/api/sessions/{id}/labels/{label}", path={"id": id, "label": label})

    def list(self, id: str) -> t.ListLabelsResult:
        """Labels of WhatsApp Business of a session. ``GET /api/sessions/{id}/labels``"""
        return self._call("GET", "/api/sessions/{id}/labels", path={"id": id})

    def unassign_chat(self, id: str, label: str, chat: str) -> Dict[str, Any]:
        """Take a label from a chat. ``DELETE /api/sessions/{id}/labels/{label}/chats/{chat}``"""
        return self._call("DELETE", "/api/sessions/{id}/labels/{label}/chats/{chat}", path={"id": id, "label": label, "chat": chat})

    def unassign_message(self, id: str, label: str, message_id: str) -> Dict[str, Any]:
        """Take a label from a message. ``DELETE /api/sessions/{id}/labels/{label}/messages/{messageId}``"""
        return self._call("DELETE", "/api/sessions/{id}/labels/{label}/messages/{messageId}", path={"id": id, "label": label, "messageId": message_id})

    def update(self, id: str, label: str, body: Dict[str, Any]) -> t.Label:
        """Rename or recolour a label. ``PATCH /api/sessions/{id}/labels/{label}``"""
        return self._call("PATCH", "/api/sessions/{id}/labels/{label}", path={"id": id, "label": label}, body=body)


class Limits(Namespace):
    def get(self) -> t.Limits:
        """What you may still do. ``GET /api/limits``"""
        return self._call("GET", "/api/limits")


class LoginLocks(Namespace):
    def lift(self, id: str) -> t.LiftedLoginLock:
        """Lift one lock. ``DELETE /api/admin/login-locks/{id}``"""
        return self._call("DELETE", "/api/admin/login-locks/{id}", path={"id": id})

    def list(self, *, email: Optional[str] = None, address: Optional[str] = None) -> t.ListLoginLocksResult:
        """Who cannot log in because of wrong passwords. ``GET /api/admin/login-locks``"""
        return self._call("GET", "/api/admin/login-locks", query={"email": email, "address": address})


class Logins(Namespace):
    def end(self, id: str) -> t.Done:
        """End one of my logins. ``DELETE /api/auth/logins/{id}``"""
        return self._call("DELETE", "/api/auth/logins/{id}", path={"id": id})

    def list(self) -> t.ListLoginsResult:
        """My logins. ``GET /api/auth/logins``"""
        return self._call("GET", "/api/auth/logins")


class Me(Namespace):
    def get(self) -> t.MeResult:
        """Who am I. ``GET /api/auth/me``"""
        return self._call("GET", "/api/auth/me")

    def update(self, body: t.UpdateMeRequest) -> t.UpdateMeResult:
        """Change my name or e-mail. ``PATCH /api/auth/me``"""
        return self._call("PATCH", "/api/auth/me", body=body)


class Media(Namespace):
    def content(self, id: str, *, download: Optional[bool] = None) -> Response:
        """The bytes of a file. ``GET /api/media/{id}/content``"""
        return self._call("GET", "/api/media/{id}/content", path={"id": id}, query={"download": download}, answer="response")

    def create(self, body: Dict[str, Any]) -> Dict[str, Any]:
        """Upload a file. ``POST /api/media``"""
        return self._call("POST", "/api/media", body=body)

    def delete(self, id: str) -> Dict[str, Any]:
        """Delete a file. ``DELETE /api/media/{id}``"""
        return self._call("DELETE", "/api/media/{id}", path={"id": id})

    def get(self, id: str) -> Dict[str, Any]:
        """One file, without its bytes. ``GET /api/media/{id}``"""
        return self._call("GET", "/api/media/{id}", path={"id": id})

    def list(self, *, cursor: Optional[str] = None, limit: Optional[int] = None, session_id: Optional[str] = None, direction: Optional[Literal["upload", "inbound"]] = None, status: Optional[Literal["pending", "ready", "expired", "failed"]] = None) -> Dict[str, Any]:
        """Files, newest first. ``GET /api/media``"""
        return self._call("GET", "/api/media", query={"cursor": cursor, "limit": limit, "sessionId": session_id, "direction": direction, "status": status})

    def iter_list(self, *, limit: Optional[int] = None, session_id: Optional[str] = None, direction: Optional[Literal["upload", "inbound"]] = None, status: Optional[Literal["pending", "ready", "expired", "failed"]] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("media", "cursor", "GET", "/api/media", query={"limit": limit, "sessionId": session_id, "direction": direction, "status": status})

    def sign(self, id: str, body: Union[Dict[str, Any], None]) -> Dict[str, Any]:
        """A URL of a file that works without a key. ``POST /api/media/{id}/url``"""
        return self._call("POST", "/api/media/{id}/url", path={"id": id}, body=body)

    def signed_content(self, id: str, *, expires: str, signature: str, download: Optional[bool] = None) -> Response:
        """The bytes of a file, by a signed URL. ``GET /api/media/{id}/file``"""
        return self._call("GET", "/api/media/{id}/file", path={"id": id}, query={"expires": expires, "signature": signature, "download": download}, answer="response")

    def usage(self) -> Dict[str, Any]:
        """What the account stores, and what its tier allows. ``GET /api/media/usage``"""
        return self._call("GET", "/api/media/usage")


class Members(Namespace):
    def list(self, id: str, *, page: Optional[int] = None, limit: Optional[int] = None) -> t.ListMembersResult:
        """List members. ``GET /api/workspaces/{id}/members``"""
        return self._call("GET", "/api/workspaces/{id}/members", path={"id": id}, query={"page": page, "limit": limit})

    def iter_list(self, id: str, *, limit: Optional[int] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("members", "page", "GET", "/api/workspaces/{id}/members", path={"id": id}, query={"limit": limit})

    def remove(self, id: str, user_id: str, *, keys: Optional[Literal["revoke", "transfer"]] = None) -> t.RemoveMemberResult:
        """Remove a member. ``DELETE /api/workspaces/{id}/members/{userId}``"""
        return self._call("DELETE", "/api/workspaces/{id}/members/{userId}", path={"id": id, "userId": user_id}, query={"keys": keys})

    def update(self, id: str, user_id: str, body: t.ChangeMemberRequest) -> t.MemberResult:
        """Change the role of a member. ``PATCH /api/workspaces/{id}/members/{userId}``"""
        return self._call("PATCH", "/api/workspaces/{id}/members/{userId}", path={"id": id, "userId": user_id}, body=body)


class Messages(Namespace):
    def answer(self, id: str, body: t.AnswerRequest, *, wait: Optional[Literal["queued", "sent"]] = None, timeout_ms: Optional[int] = None, idempotency_key: Optional[str] = None) -> t.ChangeResult:
        """Answer an event. ``POST /api/messages/{id}/answer``"""
        return self._call("POST", "/api/messages/{id}/answer", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms}, body=body, takes_key=True, idempotency_key=idempotency_key)

    def answers(self, id: str) -> t.EventAnswers:
        """Who has answered an event. ``GET /api/messages/{id}/answers``"""
        return self._call("GET", "/api/messages/{id}/answers", path={"id": id})

    def cancel(self, id: str) -> t.Message:
        """Cancel a message that has not left. ``POST /api/messages/{id}/cancel``"""
        return self._call("POST", "/api/messages/{id}/cancel", path={"id": id})

    def changes(self, id: str) -> t.ListMessageChangesResult:
        """What was done to a message: edits, deletions, reactions, pins, keeping. ``GET /api/messages/{id}/changes``"""
        return self._call("GET", "/api/messages/{id}/changes", path={"id": id})

    def delete(self, id: str, *, wait: Optional[Literal["queued", "sent"]] = None, timeout_ms: Optional[int] = None, client_message_id: Optional[str] = None, for_: Optional[Literal["everyone", "me"]] = None, idempotency_key: Optional[str] = None) -> Dict[str, Any]:
        """Delete a message. ``DELETE /api/messages/{id}``"""
        return self._call("DELETE", "/api/messages/{id}", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms, "clientMessageId": client_message_id, "for": for_}, takes_key=True, idempotency_key=idempotency_key)

    def delete_for_me(self, id: str, body: Dict[str, Any]) -> t.ActedOnMessages:
        """Delete messages for the account alone. ``POST /api/sessions/{id}/messages/delete-for-me``"""
        return self._call("POST", "/api/sessions/{id}/messages/delete-for-me", path={"id": id}, body=body)

    def edit(self, id: str, body: t.EditMessageRequest, *, wait: Optional[Literal["queued", "sent"]] = None, timeout_ms: Optional[int] = None, idempotency_key: Optional[str] = None) -> t.ChangeResult:
        """Edit a message. ``PATCH /api/messages/{id}``"""
        return self._call("PATCH", "/api/messages/{id}", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms}, body=body, takes_key=True, idempotency_key=idempotency_key)

    def export(self, id: str, *, direction: Optional[Literal["inbound", "outbound"]] = None, from_me: Optional[bool] = None, source: Optional[Literal["api", "phone"]] = None, type: Optional[Literal["text", "location", "contact", "poll", "event", "groupInvite", "buttons", "list", "image", "video", "audio", "document", "sticker", "album", "buttonReply", "listReply", "order", "product", "interactive", "template", "phoneNumberRequest", "reaction", "system", "unknown"]] = None, has_media: Optional[bool] = None, status: Optional[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]] = None, state: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]] = None, chat: Optional[str] = None, contact: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, text: Optional[str] = None, format: Optional[Literal["csv", "ndjson"]] = None) -> Response:
        """Messages of a session as a file. ``GET /api/sessions/{id}/messages/export``"""
        return self._call("GET", "/api/sessions/{id}/messages/export", path={"id": id}, query={"direction": direction, "fromMe": from_me, "source": source, "type": type, "hasMedia": has_media, "status": status, "state": state, "chat": chat, "contact": contact, "from": from_, "to": to, "text": text, "format": format}, answer="response")

    def export_all(self, *, direction: Optional[Literal["inbound", "outbound"]] = None, from_me: Optional[bool] = None, source: Optional[Literal["api", "phone"]] = None, type: Optional[Literal["text", "location", "contact", "poll", "event", "groupInvite", "buttons", "list", "image", "video", "audio", "document", "sticker", "album", "buttonReply", "listReply", "order", "product", "interactive", "template", "phoneNumberRequest", "reaction", "system", "unknown"]] = None, has_media: Optional[bool] = None, status: Optional[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]] = None, state: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]] = None, chat: Optional[str] = None, contact: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, text: Optional[str] = None, format: Optional[Literal["csv", "ndjson"]] = None, session_id: Optional[str] = None) -> Response:
        """Messages of all sessions as a file. ``GET /api/messages/export``"""
        return self._call("GET", "/api/messages/export", query={"direction": direction, "fromMe": from_me, "source": source, "type": type, "hasMedia": has_media, "status": status, "state": state, "chat": chat, "contact": contact, "from": from_, "to": to, "text": text, "format": format, "sessionId": session_id}, answer="response")

    def fetch_media(self, id: str) -> t.Media:
        """Fetch the file of a received message, again or at last. ``POST /api/messages/{id}/media/retry``"""
        return self._call("POST", "/api/messages/{id}/media/retry", path={"id": id})

    def forward(self, id: str, body: t.ForwardRequest, *, wait: Optional[Literal["queued", "sent", "delivered"]] = None, timeout_ms: Optional[int] = None, idempotency_key: Optional[str] = None) -> t.SendResult:
        """Forward a message. ``POST /api/messages/{id}/forward``"""
        return self._call("POST", "/api/messages/{id}/forward", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms}, body=body, takes_key=True, idempotency_key=idempotency_key)

    def get(self, id: str) -> t.Message:
        """One message. ``GET /api/messages/{id}``"""
        return self._call("GET", "/api/messages/{id}", path={"id": id})

    def keep(self, id: str, *, wait: Optional[Literal["queued", "sent"]] = None, timeout_ms: Optional[int] = None, client_message_id: Optional[str] = None, idempotency_key: Optional[str] = None) -> t.ChangeResult:
        """Keep a message that would disappear. ``POST /api/messages/{id}/keep``"""
        return self._call("POST", "/api/messages/{id}/keep", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms, "clientMessageId": client_message_id}, takes_key=True, idempotency_key=idempotency_key)

    def list(self, id: str, *, cursor: Optional[str] = None, limit: Optional[int] = None, after: Optional[str] = None, direction: Optional[Literal["inbound", "outbound"]] = None, from_me: Optional[bool] = None, source: Optional[Literal["api", "phone"]] = None, type: Optional[Literal["text", "location", "contact", "poll", "event", "groupInvite", "buttons", "list", "image", "video", "audio", "document", "sticker", "album", "buttonReply", "listReply", "order", "product", "interactive", "template", "phoneNumberRequest", "reaction", "system", "unknown"]] = None, has_media: Optional[bool] = None, status: Optional[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]] = None, state: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]] = None, chat: Optional[str] = None, contact: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, text: Optional[str] = None, count: Optional[bool] = None) -> t.ListMessagesResult:
        """Messages of a session, newest first. ``GET /api/sessions/{id}/messages``"""
        return self._call("GET", "/api/sessions/{id}/messages", path={"id": id}, query={"cursor": cursor, "limit": limit, "after": after, "direction": direction, "fromMe": from_me, "source": source, "type": type, "hasMedia": has_media, "status": status, "state": state, "chat": chat, "contact": contact, "from": from_, "to": to, "text": text, "count": count})

    def iter_list(self, id: str, *, limit: Optional[int] = None, after: Optional[str] = None, direction: Optional[Literal["inbound", "outbound"]] = None, from_me: Optional[bool] = None, source: Optional[Literal["api", "phone"]] = None, type: Optional[Literal["text", "location", "contact", "poll", "event", "groupInvite", "buttons", "list", "image", "video", "audio", "document", "sticker", "album", "buttonReply", "listReply", "order", "product", "interactive", "template", "phoneNumberRequest", "reaction", "system", "unknown"]] = None, has_media: Optional[bool] = None, status: Optional[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]] = None, state: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]] = None, chat: Optional[str] = None, contact: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, text: Optional[str] = None, count: Optional[bool] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("messages", "cursor", "GET", "/api/sessions/{id}/messages", path={"id": id}, query={"limit": limit, "after": after, "direction": direction, "fromMe": from_me, "source": source, "type": type, "hasMedia": has_media, "status": status, "state": state, "chat": chat, "contact": contact, "from": from_, "to": to, "text": text, "count": count})

    def list_all(self, *, cursor: Optional[str] = None, limit: Optional[int] = None, after: Optional[str] = None, direction: Optional[Literal["inbound", "outbound"]] = None, from_me: Optional[bool] = None, source: Optional[Literal["api", "phone"]] = None, type: Optional[Literal["text", "location", "contact", "poll", "event", "groupInvite", "buttons", "list", "image", "video", "audio", "document", "sticker", "album", "buttonReply", "listReply", "order", "product", "interactive", "template", "phoneNumberRequest", "reaction", "system", "unknown"]] = None, has_media: Optional[bool] = None, status: Optional[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]] = None, state: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]] = None, chat: Optional[str] = None, contact: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, text: Optional[str] = None, count: Optional[bool] = None, session_id: Optional[str] = None) -> t.ListMessagesResult:
        """Messages of all sessions, newest first. ``GET /api/messages``"""
        return self._call("GET", "/api/messages", query={"cursor": cursor, "limit": limit, "after": after, "direction": direction, "fromMe": from_me, "source": source, "type": type, "hasMedia": has_media, "status": status, "state": state, "chat": chat, "contact": contact, "from": from_, "to": to, "text": text, "count": count, "sessionId": session_id})

    def iter_list_all(self, *, limit: Optional[int] = None, after: Optional[str] = None, direction: Optional[Literal["inbound", "outbound"]] = None, from_me: Optional[bool] = None, source: Optional[Literal["api", "phone"]] = None, type: Optional[Literal["text", "location", "contact", "poll", "event", "groupInvite", "buttons", "list", "image", "video", "audio", "document", "sticker", "album", "buttonReply", "listReply", "order", "product", "interactive", "template", "phoneNumberRequest", "reaction", "system", "unknown"]] = None, has_media: Optional[bool] = None, status: Optional[Literal["queued", "sending", "sent", "delivered", "read", "failed", "received"]] = None, state: Optional[Literal["queued", "scheduled", "sending", "failed", "unknown", "cancelled", "expired", "sent", "delivered", "read", "played", "received"]] = None, chat: Optional[str] = None, contact: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, text: Optional[str] = None, count: Optional[bool] = None, session_id: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list_all``, one after the other."""
        return self._pages("messages", "cursor", "GET", "/api/messages", query={"limit": limit, "after": after, "direction": direction, "fromMe": from_me, "source": source, "type": type, "hasMedia": has_media, "status": status, "state": state, "chat": chat, "contact": contact, "from": from_, "to": to, "text": text, "count": count, "sessionId": session_id})

    def list_scheduled(self, *, session_id: Optional[str] = None, cursor: Optional[str] = None, limit: Optional[int] = None) -> t.ListScheduledResult:
        """Messages that wait for their time, the next one first. ``GET /api/messages/scheduled``"""
        return self._call("GET", "/api/messages/scheduled", query={"sessionId": session_id, "cursor": cursor, "limit": limit})

    def iter_list_scheduled(self, *, session_id: Optional[str] = None, limit: Optional[int] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list_scheduled``, one after the other."""
        return self._pages("messages", "cursor", "GET", "/api/messages/scheduled", query={"sessionId": session_id, "limit": limit})

    def mark_played(self, id: str, body: Dict[str, Any]) -> t.ActedOnMessages:
        """Mark voice messages and videos as played. ``POST /api/sessions/{id}/messages/played``"""
        return self._call("POST", "/api/sessions/{id}/messages/played", path={"id": id}, body=body)

    def mark_read(self, id: str, body: Dict[str, Any]) -> t.ActedOnMessages:
        """Mark messages as read. ``POST /api/sessions/{id}/messages/read``"""
        return self._call("POST", "/api/sessions/{id}/messages/read", path={"id": id}, body=body)

    def media(self, id: str) -> Dict[str, Any]:
        """The files of a message. ``GET /api/messages/{id}/media``"""
        return self._call("GET", "/api/messages/{id}/media", path={"id": id})

    def move_scheduled(self, id: str, body: t.MoveScheduledRequest) -> t.Message:
        """Give a scheduled message another time. ``PATCH /api/messages/{id}/schedule``"""
        return self._call("PATCH", "/api/messages/{id}/schedule", path={"id": id}, body=body)

    def pin(self, id: str, body: t.PinRequest, *, wait: Optional[Literal["queued", "sent"]] = None, timeout_ms: Optional[int] = None, idempotency_key: Optional[str] = None) -> t.ChangeResult:
        """Pin a message in its chat. ``POST /api/messages/{id}/pin``"""
        return self._call("POST", "/api/messages/{id}/pin", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms}, body=body, takes_key=True, idempotency_key=idempotency_key)

    def play_one(self, id: str) -> t.ActedOnMessage:
        """Mark a voice message or video as played. ``POST /api/messages/{id}/played``"""
        return self._call("POST", "/api/messages/{id}/played", path={"id": id})

    def react(self, id: str, body: t.ReactRequest, *, wait: Optional[Literal["queued", "sent"]] = None, timeout_ms: Optional[int] = None, idempotency_key: Optional[str] = None) -> t.ChangeResult:
        """React to a message. ``POST /api/messages/{id}/reaction``"""
        return self._call("POST", "/api/messages/{id}/reaction", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms}, body=body, takes_key=True, idempotency_key=idempotency_key)

    def read_one(self, id: str) -> t.ActedOnMessage:
        """Mark a message as read. ``POST /api/messages/{id}/read``"""
        return self._call("POST", "/api/messages/{id}/read", path={"id": id})

    def receipts(self, id: str) -> t.MessageReceiptsResult:
        """Who has received and read a message. ``GET /api/messages/{id}/receipts``"""
        return self._call("GET", "/api/messages/{id}/receipts", path={"id": id})

    def schedule(self, body: t.SendFromDefaultRequest, *, wait: Optional[Literal["queued", "sent", "delivered"]] = None, timeout_ms: Optional[int] = None, session_id: Optional[str] = None, idempotency_key: Optional[str] = None) -> t.SendResult:
        """Send a message at a time of its own. ``POST /api/messages/schedule``"""
        return self._call("POST", "/api/messages/schedule", query={"wait": wait, "timeoutMs": timeout_ms, "sessionId": session_id}, body=body, takes_key=True, idempotency_key=idempotency_key)

    def send(self, id: str, body: t.SendRequest, *, wait: Optional[Literal["queued", "sent", "delivered"]] = None, timeout_ms: Optional[int] = None, idempotency_key: Optional[str] = None) -> t.SendResult:
        """Send a message. ``POST /api/sessions/{id}/send``"""
        return self._call("POST", "/api/sessions/{id}/send", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms}, body=body, takes_key=True, idempotency_key=idempotency_key)

    def send_from_default(self, body: t.SendFromDefaultRequest, *, wait: Optional[Literal["queued", "sent", "delivered"]] = None, timeout_ms: Optional[int] = None, session_id: Optional[str] = None, idempotency_key: Optional[str] = None) -> t.SendResult:
        """Send a message from the default session. ``POST /api/messages/send``"""
        return self._call("POST", "/api/messages/send", query={"wait": wait, "timeoutMs": timeout_ms, "sessionId": session_id}, body=body, takes_key=True, idempotency_key=idempotency_key)

    def send_many(self, body: t.BulkRequest, *, idempotency_key: Optional[str] = None) -> t.BulkAnswer:
        """Send many messages. ``POST /api/messages/bulk``"""
        return self._call("POST", "/api/messages/bulk", body=body, takes_key=True, idempotency_key=idempotency_key)

    def star(self, id: str, body: Dict[str, Any]) -> t.ActedOnMessages:
        """Star messages, or take the star away. ``POST /api/sessions/{id}/messages/star``"""
        return self._call("POST", "/api/sessions/{id}/messages/star", path={"id": id}, body=body)

    def star_one(self, id: str) -> t.ActedOnMessage:
        """Star a message. ``POST /api/messages/{id}/star``"""
        return self._call("POST", "/api/messages/{id}/star", path={"id": id})

    def starred(self, id: str, *, cursor: Optional[str] = None, limit: Optional[int] = None) -> t.ListScheduledResult:
        """Messages of a session with a star, newest first. ``GET /api/sessions/{id}/messages/starred``"""
        return self._call("GET", "/api/sessions/{id}/messages/starred", path={"id": id}, query={"cursor": cursor, "limit": limit})

    def iter_starred(self, id: str, *, limit: Optional[int] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``starred``, one after the other."""
        return self._pages("messages", "cursor", "GET", "/api/sessions/{id}/messages/starred", path={"id": id}, query={"limit": limit})

    def timeline(self, id: str) -> t.Timeline:
        """What has happened to a message, and what it waits for. ``GET /api/messages/{id}/timeline``"""
        return self._call("GET", "/api/messages/{id}/timeline", path={"id": id})

    def unkeep(self, id: str, *, wait: Optional[Literal["queued", "sent"]] = None, timeout_ms: Optional[int] = None, client_message_id: Optional[str] = None, idempotency_key: Optional[str] = None) -> t.ChangeResult:
        """Let a kept message disappear. ``DELETE /api/messages/{id}/keep``"""
        return self._call("DELETE", "/api/messages/{id}/keep", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms, "clientMessageId": client_message_id}, takes_key=True, idempotency_key=idempotency_key)

    def unpin(self, id: str, *, wait: Optional[Literal["queued", "sent"]] = None, timeout_ms: Optional[int] = None, client_message_id: Optional[str] = None, idempotency_key: Optional[str] = None) -> t.ChangeResult:
        """Unpin a message. ``DELETE /api/messages/{id}/pin``"""
        return self._call("DELETE", "/api/messages/{id}/pin", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms, "clientMessageId": client_message_id}, takes_key=True, idempotency_key=idempotency_key)

    def unreact(self, id: str, *, wait: Optional[Literal["queued", "sent"]] = None, timeout_ms: Optional[int] = None, client_message_id: Optional[str] = None, idempotency_key: Optional[str] = None) -> t.ChangeResult:
        """Take the reaction to a message back. ``DELETE /api/messages/{id}/reaction``"""
        return self._call("DELETE", "/api/messages/{id}/reaction", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms, "clientMessageId": client_message_id}, takes_key=True, idempotency_key=idempotency_key)

    def unstar_one(self, id: str) -> t.ActedOnMessage:
        """Take the star of a message away. ``DELETE /api/messages/{id}/star``"""
        return self._call("DELETE", "/api/messages/{id}/star", path={"id": id})

    def vote(self, id: str, body: t.VoteRequest, *, wait: Optional[Literal["queued", "sent"]] = None, timeout_ms: Optional[int] = None, idempotency_key: Optional[str] = None) -> t.ChangeResult:
        """Vote in a poll. ``POST /api/messages/{id}/votes``"""
        return self._call("POST", "/api/messages/{id}/votes", path={"id": id}, query={"wait": wait, "timeoutMs": timeout_ms}, body=body, takes_key=True, idempotency_key=idempotency_key)

    def votes(self, id: str) -> t.PollVotes:
        """Who has voted in a poll, and for what. ``GET /api/messages/{id}/votes``"""
        return self._call("GET", "/api/messages/{id}/votes", path={"id": id})


class Notices(Namespace):
    def list(self, id: str, *, cursor: Optional[str] = None, limit: Optional[int] = None, open: Optional[bool] = None) -> t.ListNoticesResult:
        """What is wrong with the sessions of a workspace, and what was told of it. ``GET /api/workspaces/{id}/notices``"""
        return self._call("GET", "/api/workspaces/{id}/notices", path={"id": id}, query={"cursor": cursor, "limit": limit, "open": open})

    def iter_list(self, id: str, *, limit: Optional[int] = None, open: Optional[bool] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("notices", "cursor", "GET", "/api/workspaces/{id}/notices", path={"id": id}, query={"limit": limit, "open": open})

    def list_all(self, *, cursor: Optional[str] = None, limit: Optional[int] = None, open: Optional[bool] = None) -> t.ListNoticesResult:
        """What is wrong with the installation, and what was told of it. ``GET /api/admin/notices``"""
        return self._call("GET", "/api/admin/notices", query={"cursor": cursor, "limit": limit, "open": open})

    def iter_list_all(self, *, limit: Optional[int] = None, open: Optional[bool] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list_all``, one after the other."""
        return self._pages("notices", "cursor", "GET", "/api/admin/notices", query={"limit": limit, "open": open})

    def settings(self, id: str) -> t.NoticeSettingsResult:
        """Who is told what, and after how long. ``GET /api/workspaces/{id}/notices/settings``"""
        return self._call("GET", "/api/workspaces/{id}/notices/settings", path={"id": id})

    def subscribe(self, id: str, body: t.NoticeSubscriptionRequest) -> t.NoticeSubscriptionResult:
        """Whether I get the mails of a workspace. ``PUT /api/workspaces/{id}/notices/subscription``"""
        return self._call("PUT", "/api/workspaces/{id}/notices/subscription", path={"id": id}, body=body)

    def subscribe_administrator(self, body: t.NoticeSubscriptionRequest) -> t.NoticeSubscriptionResult:
        """Whether I get the mails about the installation. ``PUT /api/admin/notices/subscription``"""
        return self._call("PUT", "/api/admin/notices/subscription", body=body)

    def update(self, id: str, body: t.ChangeNoticeSettingsRequest) -> t.NoticeSettingsResult:
        """Change who is told what, and after how long. ``PATCH /api/workspaces/{id}/notices/settings``"""
        return self._call("PATCH", "/api/workspaces/{id}/notices/settings", path={"id": id}, body=body)


class OptOuts(Namespace):
    def add(self, body: t.AddOptOutRequest) -> t.OptOut:
        """Send somebody no more broadcasts. ``POST /api/opt-outs``"""
        return self._call("POST", "/api/opt-outs", body=body)

    def change_settings(self, body: t.ChangeConsentSettingsRequest) -> t.ConsentSettings:
        """Change the keywords. ``PATCH /api/opt-outs/settings``"""
        return self._call("PATCH", "/api/opt-outs/settings", body=body)

    def import_(self, body: Union[str, bytes]) -> t.ImportOptOutsResult:
        """Import a list of people who want no broadcasts. ``POST /api/opt-outs/import``"""
        return self._call("POST", "/api/opt-outs/import", body=body, content_type="text/csv")

    def list(self, *, cursor: Optional[str] = None, limit: Optional[int] = None, search: Optional[str] = None) -> t.ListOptOutsResult:
        """Who wants no broadcasts. ``GET /api/opt-outs``"""
        return self._call("GET", "/api/opt-outs", query={"cursor": cursor, "limit": limit, "search": search})

    def iter_list(self, *, limit: Optional[int] = None, search: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("optOuts", "cursor", "GET", "/api/opt-outs", query={"limit": limit, "search": search})

    def log(self, *, cursor: Optional[str] = None, limit: Optional[int] = None, to: Optional[str] = None) -> t.ListConsentResult:
        """The ledger of consent: who left and came back, when, and by which message. ``GET /api/opt-outs/log``"""
        return self._call("GET", "/api/opt-outs/log", query={"cursor": cursor, "limit": limit, "to": to})

    def iter_log(self, *, limit: Optional[int] = None, to: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``log``, one after the other."""
        return self._pages("entries", "cursor", "GET", "/api/opt-outs/log", query={"limit": limit, "to": to})

    def remove(self, recipient: str) -> t.RemovedOptOut:
        """Somebody wants broadcasts again. ``DELETE /api/opt-outs/{recipient}``"""
        return self._call("DELETE", "/api/opt-outs/{recipient}", path={"recipient": recipient})

    def settings(self) -> t.ConsentSettings:
        """The keywords by which people leave and come back. ``GET /api/opt-outs/settings``"""
        return self._call("GET", "/api/opt-outs/settings")


class Presence(Namespace):
    def get(self, id: str, *, contact: str) -> Dict[str, Any]:
        """Whether somebody is online, as WhatsApp has said last. ``GET /api/sessions/{id}/presence``"""
        return self._call("GET", "/api/sessions/{id}/presence", path={"id": id}, query={"contact": contact})

    def set(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Show that the account is online, or is typing. ``POST /api/sessions/{id}/presence``"""
        return self._call("POST", "/api/sessions/{id}/presence", path={"id": id}, body=body)

    def subscribe(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Watch whether somebody is online. ``POST /api/sessions/{id}/presence/subscribe``"""
        return self._call("POST", "/api/sessions/{id}/presence/subscribe", path={"id": id}, body=body)


class Privacy(Namespace):
    def get(self, id: str) -> Dict[str, Any]:
        """The privacy settings of the account. ``GET /api/sessions/{id}/privacy``"""
        return self._call("GET", "/api/sessions/{id}/privacy", path={"id": id})

    def set(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Change privacy settings of the account. ``PATCH /api/sessions/{id}/privacy``"""
        return self._call("PATCH", "/api/sessions/{id}/privacy", path={"id": id}, body=body)


class Profile(Namespace):
    def get(self, id: str) -> Dict[str, Any]:
        """The profile of the account. ``GET /api/sessions/{id}/profile``"""
        return self._call("GET", "/api/sessions/{id}/profile", path={"id": id})

    def remove_picture(self, id: str) -> Dict[str, Any]:
        """Remove the picture of the account. ``DELETE /api/sessions/{id}/profile/picture``"""
        return self._call("DELETE", "/api/sessions/{id}/profile/picture", path={"id": id})

    def set_about(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Change the about text of the account. ``PUT /api/sessions/{id}/profile/about``"""
        return self._call("PUT", "/api/sessions/{id}/profile/about", path={"id": id}, body=body)

    def set_business(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Change what the business says of itself. ``PATCH /api/sessions/{id}/profile/business``"""
        return self._call("PATCH", "/api/sessions/{id}/profile/business", path={"id": id}, body=body)

    def set_name(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Change the name of the account. ``PUT /api/sessions/{id}/profile/name``"""
        return self._call("PUT", "/api/sessions/{id}/profile/name", path={"id": id}, body=body)

    def set_picture(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Change the picture of the account. ``PUT /api/sessions/{id}/profile/picture``"""
        return self._call("PUT", "/api/sessions/{id}/profile/picture", path={"id": id}, body=body)


class Queues(Namespace):
    def list(self, *, scope: Optional[Literal["workspace", "platform"]] = None) -> t.ListQueuesResult:
        """What waits in the queues. ``GET /api/queues``"""
        return self._call("GET", "/api/queues", query={"scope": scope})


class RateLimits(Namespace):
    def list(self) -> t.ListRateLimitsResult:
        """All rate limits. ``GET /api/admin/rate-limits``"""
        return self._call("GET", "/api/admin/rate-limits")

    def reset(self, bucket: str) -> t.RateLimit:
        """Set a rate limit back to its default. ``DELETE /api/admin/rate-limits/{bucket}``"""
        return self._call("DELETE", "/api/admin/rate-limits/{bucket}", path={"bucket": bucket})

    def set(self, bucket: str, body: t.SetRateLimitRequest) -> t.RateLimit:
        """Change a rate limit. ``PUT /api/admin/rate-limits/{bucket}``"""
        return self._call("PUT", "/api/admin/rate-limits/{bucket}", path={"bucket": bucket}, body=body)


class Rules(Namespace):
    def create(self, body: t.CreateRuleRequest) -> t.KeywordRule:
        """Make a keyword rule. ``POST /api/rules``"""
        return self._call("POST", "/api/rules", body=body)

    def delete(self, id: str) -> t.DeleteRuleResult:
        """Delete a keyword rule. ``DELETE /api/rules/{id}``"""
        return self._call("DELETE", "/api/rules/{id}", path={"id": id})

    def get(self, id: str) -> t.KeywordRule:
        """One keyword rule. ``GET /api/rules/{id}``"""
        return self._call("GET", "/api/rules/{id}", path={"id": id})

    def list(self) -> t.ListRulesResult:
        """Keyword rules, in the order in which they are looked at. ``GET /api/rules``"""
        return self._call("GET", "/api/rules")

    def test(self, body: t.TestRuleRequest) -> t.TestRuleResult:
        """Which rule a message would set off. ``POST /api/rules/test``"""
        return self._call("POST", "/api/rules/test", body=body)

    def update(self, id: str, body: t.UpdateRuleRequest) -> t.KeywordRule:
        """Change a keyword rule. ``PATCH /api/rules/{id}``"""
        return self._call("PATCH", "/api/rules/{id}", path={"id": id}, body=body)


class SessionKeys(Namespace):
    def create(self, id: str, body: t.CreateSessionKeyRequest) -> t.CreatedKeyResult:
        """Make another key for a session. ``POST /api/sessions/{id}/keys``"""
        return self._call("POST", "/api/sessions/{id}/keys", path={"id": id}, body=body)

    def list(self, id: str, *, page: Optional[int] = None, limit: Optional[int] = None, include_ended: Optional[bool] = None) -> t.ListKeysResult:
        """List the keys of a session. ``GET /api/sessions/{id}/keys``"""
        return self._call("GET", "/api/sessions/{id}/keys", path={"id": id}, query={"page": page, "limit": limit, "includeEnded": include_ended})

    def iter_list(self, id: str, *, limit: Optional[int] = None, include_ended: Optional[bool] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("keys", "page", "GET", "/api/sessions/{id}/keys", path={"id": id}, query={"limit": limit, "includeEnded": include_ended})


class Sessions(Namespace):
    def create(self, body: t.CreateSessionRequest) -> t.CreateSessionResult:
        """Create a session. ``POST /api/sessions``"""
        return self._call("POST", "/api/sessions", body=body)

    def create_webhook(self, id: str, body: t.CreateSessionWebhookRequest) -> Dict[str, Any]:
        """Create a further webhook of a session. ``POST /api/sessions/{id}/webhooks``"""
        return self._call("POST", "/api/sessions/{id}/webhooks", path={"id": id}, body=body)

    def delete(self, id: str) -> t.DeleteSessionResult:
        """Delete a session with all its messages. ``DELETE /api/sessions/{id}``"""
        return self._call("DELETE", "/api/sessions/{id}", path={"id": id})

    def get(self, id: str) -> t.Session:
        """One session. ``GET /api/sessions/{id}``"""
        return self._call("GET", "/api/sessions/{id}", path={"id": id})

    def get_history(self, id: str) -> t.History:
        """How far the history of the session has come. ``GET /api/sessions/{id}/history``"""
        return self._call("GET", "/api/sessions/{id}/history", path={"id": id})

    def get_pacing(self, id: str) -> t.Pacing:
        """How fast the session sends, and what the next paced message waits for. ``GET /api/sessions/{id}/pacing``"""
        return self._call("GET", "/api/sessions/{id}/pacing", path={"id": id})

    def get_proxy(self, id: str) -> Dict[str, Any]:
        """By which proxy the session goes out, and how that went. ``GET /api/sessions/{id}/proxy``"""
        return self._call("GET", "/api/sessions/{id}/proxy", path={"id": id})

    def get_risk(self, id: str, *, limit: Optional[int] = None) -> t.SessionRisk:
        """How likely WhatsApp is to restrict the account, why, and what to do. ``GET /api/sessions/{id}/risk``"""
        return self._call("GET", "/api/sessions/{id}/risk", path={"id": id}, query={"limit": limit})

    def health(self, id: str) -> t.SessionHealth:
        """Health of the connection. ``GET /api/sessions/{id}/health``"""
        return self._call("GET", "/api/sessions/{id}/health", path={"id": id})

    def list(self, *, page: Optional[int] = None, limit: Optional[int] = None, label: Optional[str] = None, status: Optional[Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error", "INIT", "init"]] = None) -> Dict[str, Any]:
        """List sessions. ``GET /api/sessions``"""
        return self._call("GET", "/api/sessions", query={"page": page, "limit": limit, "label": label, "status": status})

    def iter_list(self, *, limit: Optional[int] = None, label: Optional[str] = None, status: Optional[Literal["initializing", "qr_required", "connected", "disconnected", "reconnecting", "error", "INIT", "init"]] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("sessions", "page", "GET", "/api/sessions", query={"limit": limit, "label": label, "status": status})

    def logout(self, id: str) -> t.SessionAction:
        """Unlink the device; the session stays, and asking for a QR code links it again. ``POST /api/sessions/{id}/logout``"""
        return self._call("POST", "/api/sessions/{id}/logout", path={"id": id})

    def pairing_code(self, id: str, body: t.PairingCodeRequest) -> t.PairingCode:
        """A code to enter on the phone instead of scanning. ``POST /api/sessions/{id}/pairing-code``"""
        return self._call("POST", "/api/sessions/{id}/pairing-code", path={"id": id}, body=body)

    def qr(self, id: str, *, format: Optional[Literal["json", "png", "svg"]] = None) -> t.Qr:
        """The QR code to scan. ``GET /api/sessions/{id}/qr``"""
        return self._call("GET", "/api/sessions/{id}/qr", path={"id": id}, query={"format": format})

    def relink(self, id: str, body: Union[Dict[str, Any], None]) -> Dict[str, Any]:
        """Link a logged-out session again, with all that it has. ``POST /api/sessions/{id}/relink``"""
        return self._call("POST", "/api/sessions/{id}/relink", path={"id": id}, body=body)

    def remove_proxy(self, id: str) -> Dict[str, Any]:
        """Take the session its own proxy. ``DELETE /api/sessions/{id}/proxy``"""
        return self._call("DELETE", "/api/sessions/{id}/proxy", path={"id": id})

    def remove_webhook(self, id: str) -> Dict[str, Any]:
        """Remove the webhook of a session. ``DELETE /api/sessions/{id}/webhook``"""
        return self._call("DELETE", "/api/sessions/{id}/webhook", path={"id": id})

    def restart(self, id: str) -> t.SessionAction:
        """Close the connection and open it again; a logged-out session begins to pair anew. ``POST /api/sessions/{id}/restart``"""
        return self._call("POST", "/api/sessions/{id}/restart", path={"id": id})

    def set_proxy(self, id: str, body: Dict[str, Any]) -> Dict[str, Any]:
        """Give the session a proxy of its own. ``PUT /api/sessions/{id}/proxy``"""
        return self._call("PUT", "/api/sessions/{id}/proxy", path={"id": id}, body=body)

    def set_webhook(self, id: str, body: t.WebhookRequest) -> Dict[str, Any]:
        """Set the webhook of a session. ``PUT /api/sessions/{id}/webhook``"""
        return self._call("PUT", "/api/sessions/{id}/webhook", path={"id": id}, body=body)

    def status(self, id: str) -> t.SessionStatus:
        """Status of a session. ``GET /api/sessions/{id}/status``"""
        return self._call("GET", "/api/sessions/{id}/status", path={"id": id})

    def test_proxy(self, id: str, body: Union[Dict[str, Any], None]) -> Dict[str, Any]:
        """Try a proxy from the worker that hosts the session. ``POST /api/sessions/{id}/proxy/test``"""
        return self._call("POST", "/api/sessions/{id}/proxy/test", path={"id": id}, body=body)

    def update(self, id: str, body: t.UpdateSessionRequest) -> t.Session:
        """Change name or settings of a session, or make it the default. ``PATCH /api/sessions/{id}``"""
        return self._call("PATCH", "/api/sessions/{id}", path={"id": id}, body=body)

    def update_pacing(self, id: str, body: t.UpdatePacingRequest) -> t.Pacing:
        """Change how fast the session sends. ``PATCH /api/sessions/{id}/pacing``"""
        return self._call("PATCH", "/api/sessions/{id}/pacing", path={"id": id}, body=body)

    def webhook(self, id: str) -> Dict[str, Any]:
        """The webhook of a session. ``GET /api/sessions/{id}/webhook``"""
        return self._call("GET", "/api/sessions/{id}/webhook", path={"id": id})

    def webhooks(self, id: str, *, page: Optional[int] = None, limit: Optional[int] = None) -> Dict[str, Any]:
        """The webhooks of a session. ``GET /api/sessions/{id}/webhooks``"""
        return self._call("GET", "/api/sessions/{id}/webhooks", path={"id": id}, query={"page": page, "limit": limit})

    def iter_webhooks(self, id: str, *, limit: Optional[int] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``webhooks``, one after the other."""
        return self._pages("webhooks", "page", "GET", "/api/sessions/{id}/webhooks", path={"id": id}, query={"limit": limit})


class SystemLogs(Namespace):
    def list(self, *, cursor: Optional[str] = None, limit: Optional[int] = None, level: Optional[Literal["error", "warn", "info", "debug"]] = None, service: Optional[str] = None, session: Optional[str] = None, worker: Optional[str] = None, search: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None) -> t.ListSystemLogsResult:
        """Warnings and errors of all processes. ``GET /api/admin/logs``"""
        return self._call("GET", "/api/admin/logs", query={"cursor": cursor, "limit": limit, "level": level, "service": service, "session": session, "worker": worker, "search": search, "from": from_, "to": to})

    def iter_list(self, *, limit: Optional[int] = None, level: Optional[Literal["error", "warn", "info", "debug"]] = None, service: Optional[str] = None, session: Optional[str] = None, worker: Optional[str] = None, search: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("logs", "cursor", "GET", "/api/admin/logs", query={"limit": limit, "level": level, "service": service, "session": session, "worker": worker, "search": search, "from": from_, "to": to})


class Tiers(Namespace):
    def list(self) -> t.ListTiersResult:
        """The tiers, and what they allow. ``GET /api/tiers``"""
        return self._call("GET", "/api/tiers")

    def set(self, tier: str, body: t.SetTierRequest) -> t.Tier:
        """Change what a tier allows. ``PUT /api/admin/tiers/{tier}``"""
        return self._call("PUT", "/api/admin/tiers/{tier}", path={"tier": tier}, body=body)


class Usage(Namespace):
    def list(self, *, month: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, group_by: Optional[str] = None, format: Optional[Literal["json", "csv"]] = None) -> t.UsageResult:
        """What your account has used. ``GET /api/usage``"""
        return self._call("GET", "/api/usage", query={"month": month, "from": from_, "to": to, "groupBy": group_by, "format": format})

    def list_all(self, *, month: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, group_by: Optional[str] = None, format: Optional[Literal["json", "csv"]] = None, page: Optional[int] = None, limit: Optional[int] = None, user_id: Optional[str] = None) -> t.AdminUsageResult:
        """What all accounts have used. ``GET /api/admin/usage``"""
        return self._call("GET", "/api/admin/usage", query={"month": month, "from": from_, "to": to, "groupBy": group_by, "format": format, "page": page, "limit": limit, "userId": user_id})

    def iter_list_all(self, *, month: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None, group_by: Optional[str] = None, format: Optional[Literal["json", "csv"]] = None, limit: Optional[int] = None, user_id: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list_all``, one after the other."""
        return self._pages("records", "page", "GET", "/api/admin/usage", query={"month": month, "from": from_, "to": to, "groupBy": group_by, "format": format, "limit": limit, "userId": user_id})


class Users(Namespace):
    def create(self, body: t.CreateUserRequest) -> t.AdminUserDetail:
        """Make a user. ``POST /api/admin/users``"""
        return self._call("POST", "/api/admin/users", body=body)

    def delete(self, id: str) -> t.DeleteUserResult:
        """Delete a user with everything that is theirs. ``DELETE /api/admin/users/{id}``"""
        return self._call("DELETE", "/api/admin/users/{id}", path={"id": id})

    def end_logins(self, id: str) -> t.EndLoginsResult:
        """End all logins of a user. ``DELETE /api/admin/users/{id}/logins``"""
        return self._call("DELETE", "/api/admin/users/{id}/logins", path={"id": id})

    def get(self, id: str) -> t.AdminUserDetail:
        """One user. ``GET /api/admin/users/{id}``"""
        return self._call("GET", "/api/admin/users/{id}", path={"id": id})

    def list(self, *, page: Optional[int] = None, limit: Optional[int] = None, search: Optional[str] = None, role: Optional[Literal["administrator", "ADMINISTRATOR", "admin", "ADMIN", "customer", "CUSTOMER", "user", "USER"]] = None, tier: Optional[Literal["basic", "BASIC", "pro", "PRO", "max", "MAX"]] = None, status: Optional[Literal["active", "inactive"]] = None) -> t.ListUsersResult:
        """All users. ``GET /api/admin/users``"""
        return self._call("GET", "/api/admin/users", query={"page": page, "limit": limit, "search": search, "role": role, "tier": tier, "status": status})

    def iter_list(self, *, limit: Optional[int] = None, search: Optional[str] = None, role: Optional[Literal["administrator", "ADMINISTRATOR", "admin", "ADMIN", "customer", "CUSTOMER", "user", "USER"]] = None, tier: Optional[Literal["basic", "BASIC", "pro", "PRO", "max", "MAX"]] = None, status: Optional[Literal["active", "inactive"]] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("users", "page", "GET", "/api/admin/users", query={"limit": limit, "search": search, "role": role, "tier": tier, "status": status})

    def update(self, id: str, body: t.UpdateUserRequest) -> t.AdminUserDetail:
        """Change a user. ``PATCH /api/admin/users/{id}``"""
        return self._call("PATCH", "/api/admin/users/{id}", path={"id": id}, body=body)


class Webhooks(Namespace):
    def create(self, body: t.CreateWebhookRequest) -> Dict[str, Any]:
        """Create a webhook of the workspace, or of a session. ``POST /api/webhooks``"""
        return self._call("POST", "/api/webhooks", body=body)

    def deliveries(self, id: str, *, cursor: Optional[str] = None, limit: Optional[int] = None, status: Optional[Literal["pending", "retrying", "delivered", "failed"]] = None, event: Optional[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched"]] = None, session_id: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None) -> Dict[str, Any]:
        """What became of the events of a webhook. ``GET /api/webhooks/{id}/deliveries``"""
        return self._call("GET", "/api/webhooks/{id}/deliveries", path={"id": id}, query={"cursor": cursor, "limit": limit, "status": status, "event": event, "sessionId": session_id, "from": from_, "to": to})

    def iter_deliveries(self, id: str, *, limit: Optional[int] = None, status: Optional[Literal["pending", "retrying", "delivered", "failed"]] = None, event: Optional[Literal["message.received", "message.sent", "message.delivered", "message.read", "message.played", "message.failed", "message.undecryptable", "message.recovered", "message.unsupported", "message.edited", "message.revoked", "message.deleted", "message.reaction", "poll.vote", "message.answer", "media.ready", "media.failed", "connection.open", "connection.close", "qr.generated", "session.status", "session.loggedout", "session.migrated", "session.restricted", "session.banned", "session.capped", "session.risk", "session.restored", "session.passkey_required", "session.notice", "contact.merged", "contact.updated", "contact.blocked", "contact.unblocked", "contact.identity_changed", "chat.updated", "chat.read", "chat.cleared", "chat.deleted", "label.created", "label.updated", "label.deleted", "label.assigned", "label.unassigned", "history.progress", "group.joined", "group.left", "group.updated", "group.participants", "group.join_request", "group.invite_revoked", "channel.followed", "channel.unfollowed", "channel.updated", "channel.deleted", "call.received", "call.accepted", "call.rejected", "call.missed", "call.ended", "broadcast.progress", "broadcast.completed", "keyword.matched"]] = None, session_id: Optional[str] = None, from_: Optional[str] = None, to: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``deliveries``, one after the other."""
        return self._pages("deliveries", "cursor", "GET", "/api/webhooks/{id}/deliveries", path={"id": id}, query={"limit": limit, "status": status, "event": event, "sessionId": session_id, "from": from_, "to": to})

    def delivery(self, id: str, delivery_id: str) -> Dict[str, Any]:
        """What became of one event of a webhook. ``GET /api/webhooks/{id}/deliveries/{deliveryId}``"""
        return self._call("GET", "/api/webhooks/{id}/deliveries/{deliveryId}", path={"id": id, "deliveryId": delivery_id})

    def get(self, id: str) -> Dict[str, Any]:
        """A webhook with its state. ``GET /api/webhooks/{id}``"""
        return self._call("GET", "/api/webhooks/{id}", path={"id": id})

    def list(self, *, page: Optional[int] = None, limit: Optional[int] = None, session_id: Optional[str] = None) -> Dict[str, Any]:
        """All webhooks of the workspace. ``GET /api/webhooks``"""
        return self._call("GET", "/api/webhooks", query={"page": page, "limit": limit, "sessionId": session_id})

    def iter_list(self, *, limit: Optional[int] = None, session_id: Optional[str] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("webhooks", "page", "GET", "/api/webhooks", query={"limit": limit, "sessionId": session_id})

    def remove(self, id: str) -> Dict[str, Any]:
        """Remove a webhook. ``DELETE /api/webhooks/{id}``"""
        return self._call("DELETE", "/api/webhooks/{id}", path={"id": id})

    def replay(self, id: str, body: t.ReplayDeliveriesRequest) -> Dict[str, Any]:
        """Send events to a webhook again. ``POST /api/webhooks/{id}/replay``"""
        return self._call("POST", "/api/webhooks/{id}/replay", path={"id": id}, body=body)

    def replay_delivery(self, id: str, delivery_id: str) -> Dict[str, Any]:
        """Send one event to a webhook again. ``POST /api/webhooks/{id}/deliveries/{deliveryId}/replay``"""
        return self._call("POST", "/api/webhooks/{id}/deliveries/{deliveryId}/replay", path={"id": id, "deliveryId": delivery_id})

    def rotate_secret(self, id: str, body: t.RotateWebhookSecretRequest) -> Dict[str, Any]:
        """Give a webhook another secret. ``POST /api/webhooks/{id}/rotate-secret``"""
        return self._call("POST", "/api/webhooks/{id}/rotate-secret", path={"id": id}, body=body)

    def test(self, id: str, body: t.TestWebhookRequest) -> t.TestWebhookResult:
        """Send the example of an event now. ``POST /api/webhooks/{id}/test``"""
        return self._call("POST", "/api/webhooks/{id}/test", path={"id": id}, body=body)

    def update(self, id: str, body: t.UpdateWebhookRequest) -> Dict[str, Any]:
        """Change, pause or resume a webhook. ``PATCH /api/webhooks/{id}``"""
        return self._call("PATCH", "/api/webhooks/{id}", path={"id": id}, body=body)


class WhatsappVersion(Namespace):
    def get(self) -> Dict[str, Any]:
        """With which versions of WhatsApp Web sessions log in. ``GET /api/admin/whatsapp-version``"""
        return self._call("GET", "/api/admin/whatsapp-version")

    def set(self, body: Dict[str, Any]) -> Dict[str, Any]:
        """Set the version of WhatsApp Web, or have some sessions try another one. ``PUT /api/admin/whatsapp-version``"""
        return self._call("PUT", "/api/admin/whatsapp-version", body=body)


class WorkerEvents(Namespace):
    def list(self, *, after: Optional[str] = None, last: Optional[int] = None, limit: Optional[int] = None, wait: Optional[int] = None, events: Optional[str] = None, worker_id: Optional[str] = None) -> Dict[str, Any]:
        """Events of the workers. ``GET /api/admin/events``"""
        return self._call("GET", "/api/admin/events", query={"after": after, "last": last, "limit": limit, "wait": wait, "events": events, "workerId": worker_id})


class Workers(Namespace):
    def add(self, body: t.AddWorkerRequest) -> t.AddWorkerResult:
        """Expect a worker at an endpoint. ``POST /api/admin/workers``"""
        return self._call("POST", "/api/admin/workers", body=body)

    def cordon(self, id: str) -> t.Worker:
        """Place nothing new on a worker. ``POST /api/admin/workers/{id}/cordon``"""
        return self._call("POST", "/api/admin/workers/{id}/cordon", path={"id": id})

    def drain(self, id: str) -> t.Worker:
        """Move everything off a worker. ``POST /api/admin/workers/{id}/drain``"""
        return self._call("POST", "/api/admin/workers/{id}/drain", path={"id": id})

    def end_maintenance(self, id: str) -> t.Worker:
        """End maintenance of a worker. ``DELETE /api/admin/workers/{id}/maintenance``"""
        return self._call("DELETE", "/api/admin/workers/{id}/maintenance", path={"id": id})

    def get(self, id: str) -> t.Worker:
        """One worker. ``GET /api/admin/workers/{id}``"""
        return self._call("GET", "/api/admin/workers/{id}", path={"id": id})

    def list(self) -> Dict[str, Any]:
        """All workers. ``GET /api/admin/workers``"""
        return self._call("GET", "/api/admin/workers")

    def maintenance(self, id: str) -> t.Worker:
        """Begin maintenance of a worker. ``POST /api/admin/workers/{id}/maintenance``"""
        return self._call("POST", "/api/admin/workers/{id}/maintenance", path={"id": id})

    def metrics(self, *, range: Optional[Literal["1h", "24h", "7d", "30d"]] = None) -> t.WorkerMetricsResult:
        """Figures of all workers. ``GET /api/admin/workers/metrics``"""
        return self._call("GET", "/api/admin/workers/metrics", query={"range": range})

    def metrics_of_one(self, id: str, *, range: Optional[Literal["1h", "24h", "7d", "30d"]] = None) -> t.WorkerMetricsOfOne:
        """Figures of one worker. ``GET /api/admin/workers/{id}/metrics``"""
        return self._call("GET", "/api/admin/workers/{id}/metrics", path={"id": id}, query={"range": range})

    def remove(self, id: str, *, force: Optional[bool] = None) -> t.RemoveWorkerResult:
        """Remove a worker. ``DELETE /api/admin/workers/{id}``"""
        return self._call("DELETE", "/api/admin/workers/{id}", path={"id": id}, query={"force": force})

    def revoke_token(self, id: str) -> t.RevokedToken:
        """Revoke the token of a worker. ``DELETE /api/admin/workers/{id}/token``"""
        return self._call("DELETE", "/api/admin/workers/{id}/token", path={"id": id})

    def uncordon(self, id: str) -> t.Worker:
        """Use a worker again. ``POST /api/admin/workers/{id}/uncordon``"""
        return self._call("POST", "/api/admin/workers/{id}/uncordon", path={"id": id})

    def update(self, id: str, body: t.PatchWorkerRequest) -> t.Worker:
        """Change a worker. ``PATCH /api/admin/workers/{id}``"""
        return self._call("PATCH", "/api/admin/workers/{id}", path={"id": id}, body=body)


class Workspaces(Namespace):
    def create(self, body: t.WorkspaceRequest) -> t.WorkspaceResult:
        """Make a workspace. ``POST /api/workspaces``"""
        return self._call("POST", "/api/workspaces", body=body)

    def delete(self, id: str) -> t.DeleteWorkspaceResult:
        """Delete a workspace with everything in it. ``DELETE /api/workspaces/{id}``"""
        return self._call("DELETE", "/api/workspaces/{id}", path={"id": id})

    def get(self, id: str) -> t.WorkspaceResult:
        """One workspace. ``GET /api/workspaces/{id}``"""
        return self._call("GET", "/api/workspaces/{id}", path={"id": id})

    def leave(self, id: str) -> t.RemoveMemberResult:
        """Leave a workspace. ``POST /api/workspaces/{id}/leave``"""
        return self._call("POST", "/api/workspaces/{id}/leave", path={"id": id})

    def list(self, *, page: Optional[int] = None, limit: Optional[int] = None) -> t.ListWorkspacesResult:
        """My workspaces. ``GET /api/workspaces``"""
        return self._call("GET", "/api/workspaces", query={"page": page, "limit": limit})

    def iter_list(self, *, limit: Optional[int] = None) -> Iterator[Dict[str, Any]]:
        """The items of all pages of ``list``, one after the other."""
        return self._pages("workspaces", "page", "GET", "/api/workspaces", query={"limit": limit})

    def update(self, id: str, body: t.WorkspaceRequest) -> t.WorkspaceResult:
        """Rename a workspace. ``PATCH /api/workspaces/{id}``"""
        return self._call("PATCH", "/api/workspaces/{id}", path={"id": id}, body=body)


class Api:
    """A member for each group of operations."""

    def __init__(self, transport: Transport) -> None:
        self.admin_sessions = AdminSessions(transport)
        self.analytics = Analytics(transport)
        self.audit_logs = AuditLogs(transport)
        self.auth = Auth(transport)
        self.blocklist = Blocklist(transport)
        self.broadcasts = Broadcasts(transport)
        self.calls = Calls(transport)
        self.channels = Channels(transport)
        self.chats = Chats(transport)
        self.communities = Communities(transport)
        self.contacts = Contacts(transport)
        self.dashboard = Dashboard(transport)
        self.default_session = DefaultSession(transport)
        self.deletions = Deletions(transport)
        self.error_codes = ErrorCodes(transport)
        self.events = Events(transport)
        self.fleet = Fleet(transport)
        self.groups = Groups(transport)
        self.health = Health(transport)
        self.invitations = Invitations(transport)
        self.keys = Keys(transport)
        self.labels = Labels(transport)
        self.limits = Limits(transport)
        self.login_locks = LoginLocks(transport)
        self.logins = Logins(transport)
        self.me = Me(transport)
        self.media = Media(transport)
        self.members = Members(transport)
        self.messages = Messages(transport)
        self.notices = Notices(transport)
        self.opt_outs = OptOuts(transport)
        self.presence = Presence(transport)
        self.privacy = Privacy(transport)
        self.profile = Profile(transport)
        self.queues = Queues(transport)
        self.rate_limits = RateLimits(transport)
        self.rules = Rules(transport)
        self.session_keys = SessionKeys(transport)
        self.sessions = Sessions(transport)
        self.system_logs = SystemLogs(transport)
        self.tiers = Tiers(transport)
        self.usage = Usage(transport)
        self.users = Users(transport)
        self.webhooks = Webhooks(transport)
        self.whatsapp_version = WhatsappVersion(transport)
        self.worker_events = WorkerEvents(transport)
        self.workers = Workers(transport)
        self.workspaces = Workspaces(transport)
