<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Chats extends OperationSet
{
    /** Clear a chat. `POST /api/sessions/{id}/chats/{chat}/clear` */
    public function clear(string $id, string $chat, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/chats/{chat}/clear', path: ['id' => $id, 'chat' => $chat], body: $body);
    }

    /** Delete a chat. `DELETE /api/sessions/{id}/chats/{chat}` */
    public function delete(string $id, string $chat): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/chats/{chat}', path: ['id' => $id, 'chat' => $chat]);
    }

    /** Ask the phone for older messages of a chat. `POST /api/sessions/{id}/chats/{chat}/history` */
    public function fetchHistory(string $id, string $chat, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/chats/{chat}/history', path: ['id' => $id, 'chat' => $chat], body: $body);
    }

    /** Chats of a session, the latest first. `GET /api/sessions/{id}/chats` */
    public function list(string $id, ?string $cursor = null, ?int $limit = null, ?bool $archived = null, ?bool $pinned = null, ?bool $muted = null, ?string $label = null, ?bool $unread = null, ?string $search = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/chats', path: ['id' => $id], query: ['cursor' => $cursor, 'limit' => $limit, 'archived' => $archived, 'pinned' => $pinned, 'muted' => $muted, 'label' => $label, 'unread' => $unread, 'search' => $search]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(string $id, ?int $limit = null, ?bool $archived = null, ?bool $pinned = null, ?bool $muted = null, ?string $label = null, ?bool $unread = null, ?string $search = null): \Generator
    {
        return $this->pages('chats', 'cursor', 'GET', '/api/sessions/{id}/chats', path: ['id' => $id], query: ['limit' => $limit, 'archived' => $archived, 'pinned' => $pinned, 'muted' => $muted, 'label' => $label, 'unread' => $unread, 'search' => $search]);
    }

    /** Chats of all sessions, the latest first. `GET /api/chats` */
    public function listAll(?string $cursor = null, ?int $limit = null, ?bool $archived = null, ?bool $pinned = null, ?bool $muted = null, ?string $label = null, ?bool $unread = null, ?string $search = null, ?string $sessionId = null): array
    {
        return $this->call('GET', '/api/chats', query: ['cursor' => $cursor, 'limit' => $limit, 'archived' => $archived, 'pinned' => $pinned, 'muted' => $muted, 'label' => $label, 'unread' => $unread, 'search' => $search, 'sessionId' => $sessionId]);
    }

    /** The items of all pages of `listAll`, one after the other. @return \Generator<int, array> */
    public function eachListAll(?int $limit = null, ?bool $archived = null, ?bool $pinned = null, ?bool $muted = null, ?string $label = null, ?bool $unread = null, ?string $search = null, ?string $sessionId = null): \Generator
    {
        return $this->pages('chats', 'cursor', 'GET', '/api/chats', query: ['limit' => $limit, 'archived' => $archived, 'pinned' => $pinned, 'muted' => $muted, 'label' => $label, 'unread' => $unread, 'search' => $search, 'sessionId' => $sessionId]);
    }

    /** Mark a chat as read. `POST /api/sessions/{id}/chats/read` */
    public function markRead(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/chats/read', path: ['id' => $id], body: $body);
    }

    /** Mark a chat as unread. `POST /api/sessions/{id}/chats/unread` */
    public function markUnread(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/chats/unread', path: ['id' => $id], body: $body);
    }

    /** Messages of a chat of a session, newest first. `GET /api/sessions/{id}/chats/{chat}/messages` */
    public function messages(string $id, string $chat, ?string $cursor = null, ?int $limit = null, ?string $after = null, ?string $direction = null, ?bool $fromMe = null, ?string $source = null, ?string $type = null, ?bool $hasMedia = null, ?string $status = null, ?string $state = null, ?string $contact = null, ?string $from = null, ?string $to = null, ?string $text = null, ?bool $count = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/chats/{chat}/messages', path: ['id' => $id, 'chat' => $chat], query: ['cursor' => $cursor, 'limit' => $limit, 'after' => $after, 'direction' => $direction, 'fromMe' => $fromMe, 'source' => $source, 'type' => $type, 'hasMedia' => $hasMedia, 'status' => $status, 'state' => $state, 'contact' => $contact, 'from' => $from, 'to' => $to, 'text' => $text, 'count' => $count]);
    }

    /** The items of all pages of `messages`, one after the other. @return \Generator<int, array> */
    public function eachMessages(string $id, string $chat, ?int $limit = null, ?string $after = null, ?string $direction = null, ?bool $fromMe = null, ?string $source = null, ?string $type = null, ?bool $hasMedia = null, ?string $status = null, ?string $state = null, ?string $contact = null, ?string $from = null, ?string $to = null, ?string $text = null, ?bool $count = null): \Generator
    {
        return $this->pages('messages', 'cursor', 'GET', '/api/sessions/{id}/chats/{chat}/messages', path: ['id' => $id, 'chat' => $chat], query: ['limit' => $limit, 'after' => $after, 'direction' => $direction, 'fromMe' => $fromMe, 'source' => $source, 'type' => $type, 'hasMedia' => $hasMedia, 'status' => $status, 'state' => $state, 'contact' => $contact, 'from' => $from, 'to' => $to, 'text' => $text, 'count' => $count]);
    }

    /** Messages of a chat, newest first. `GET /api/chats/{chat}/messages` */
    public function messagesOfAll(string $chat, ?string $cursor = null, ?int $limit = null, ?string $after = null, ?string $direction = null, ?bool $fromMe = null, ?string $source = null, ?string $type = null, ?bool $hasMedia = null, ?string $status = null, ?string $state = null, ?string $contact = null, ?string $from = null, ?string $to = null, ?string $text = null, ?bool $count = null, ?string $sessionId = null): array
    {
        return $this->call('GET', '/api/chats/{chat}/messages', path: ['chat' => $chat], query: ['cursor' => $cursor, 'limit' => $limit, 'after' => $after, 'direction' => $direction, 'fromMe' => $fromMe, 'source' => $source, 'type' => $type, 'hasMedia' => $hasMedia, 'status' => $status, 'state' => $state, 'contact' => $contact, 'from' => $from, 'to' => $to, 'text' => $text, 'count' => $count, 'sessionId' => $sessionId]);
    }

    /** The items of all pages of `messagesOfAll`, one after the other. @return \Generator<int, array> */
    public function eachMessagesOfAll(string $chat, ?int $limit = null, ?string $after = null, ?string $direction = null, ?bool $fromMe = null, ?string $source = null, ?string $type = null, ?bool $hasMedia = null, ?string $status = null, ?string $state = null, ?string $contact = null, ?string $from = null, ?string $to = null, ?string $text = null, ?bool $count = null, ?string $sessionId = null): \Generator
    {
        return $this->pages('messages', 'cursor', 'GET', '/api/chats/{chat}/messages', path: ['chat' => $chat], query: ['limit' => $limit, 'after' => $after, 'direction' => $direction, 'fromMe' => $fromMe, 'source' => $source, 'type' => $type, 'hasMedia' => $hasMedia, 'status' => $status, 'state' => $state, 'contact' => $contact, 'from' => $from, 'to' => $to, 'text' => $text, 'count' => $count, 'sessionId' => $sessionId]);
    }

    /** Read what has changed of chats and labels. `POST /api/sessions/{id}/chats/sync` */
    public function sync(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/chats/sync', path: ['id' => $id], body: $body);
    }

    /** Archive, pin or mute a chat. `PATCH /api/sessions/{id}/chats/{chat}` */
    public function update(string $id, string $chat, array $body): array
    {
        return $this->call('PATCH', '/api/sessions/{id}/chats/{chat}', path: ['id' => $id, 'chat' => $chat], body: $body);
    }
}
