<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Messages extends OperationSet
{
    /** Answer an event. `POST /api/messages/{id}/answer` */
    public function answer(string $id, array $body, ?string $wait = null, ?int $timeoutMs = null, ?string $idempotencyKey = null): array
    {
        return $this->call('POST', '/api/messages/{id}/answer', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs], body: $body, takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Who has answered an event. `GET /api/messages/{id}/answers` */
    public function answers(string $id): array
    {
        return $this->call('GET', '/api/messages/{id}/answers', path: ['id' => $id]);
    }

    /** Cancel a message that has not left. `POST /api/messages/{id}/cancel` */
    public function cancel(string $id): array
    {
        return $this->call('POST', '/api/messages/{id}/cancel', path: ['id' => $id]);
    }

    /** What was done to a message: edits, deletions, reactions, pins, keeping. `GET /api/messages/{id}/changes` */
    public function changes(string $id): array
    {
        return $this->call('GET', '/api/messages/{id}/changes', path: ['id' => $id]);
    }

    /** Delete a message. `DELETE /api/messages/{id}` */
    public function delete(string $id, ?string $wait = null, ?int $timeoutMs = null, ?string $clientMessageId = null, ?string $for = null, ?string $idempotencyKey = null): array
    {
        return $this->call('DELETE', '/api/messages/{id}', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs, 'clientMessageId' => $clientMessageId, 'for' => $for], takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Delete messages for the account alone. `POST /api/sessions/{id}/messages/delete-for-me` */
    public function deleteForMe(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/messages/delete-for-me', path: ['id' => $id], body: $body);
    }

    /** Edit a message. `PATCH /api/messages/{id}` */
    public function edit(string $id, array $body, ?string $wait = null, ?int $timeoutMs = null, ?string $idempotencyKey = null): array
    {
        return $this->call('PATCH', '/api/messages/{id}', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs], body: $body, takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Messages of a session as a file. `GET /api/sessions/{id}/messages/export` */
    public function export(string $id, ?string $direction = null, ?bool $fromMe = null, ?string $source = null, ?string $type = null, ?bool $hasMedia = null, ?string $status = null, ?string $state = null, ?string $chat = null, ?string $contact = null, ?string $from = null, ?string $to = null, ?string $text = null, ?string $format = null): Response
    {
        return $this->call('GET', '/api/sessions/{id}/messages/export', path: ['id' => $id], query: ['direction' => $direction, 'fromMe' => $fromMe, 'source' => $source, 'type' => $type, 'hasMedia' => $hasMedia, 'status' => $status, 'state' => $state, 'chat' => $chat, 'contact' => $contact, 'from' => $from, 'to' => $to, 'text' => $text, 'format' => $format], answer: 'response');
    }

    /** Messages of all sessions as a file. `GET /api/messages/export` */
    public function exportAll(?string $direction = null, ?bool $fromMe = null, ?string $source = null, ?string $type = null, ?bool $hasMedia = null, ?string $status = null, ?string $state = null, ?string $chat = null, ?string $contact = null, ?string $from = null, ?string $to = null, ?string $text = null, ?string $format = null, ?string $sessionId = null): Response
    {
        return $this->call('GET', '/api/messages/export', query: ['direction' => $direction, 'fromMe' => $fromMe, 'source' => $source, 'type' => $type, 'hasMedia' => $hasMedia, 'status' => $status, 'state' => $state, 'chat' => $chat, 'contact' => $contact, 'from' => $from, 'to' => $to, 'text' => $text, 'format' => $format, 'sessionId' => $sessionId], answer: 'response');
    }

    /** Fetch the file of a received message, again or at last. `POST /api/messages/{id}/media/retry` */
    public function fetchMedia(string $id): array
    {
        return $this->call('POST', '/api/messages/{id}/media/retry', path: ['id' => $id]);
    }

    /** Forward a message. `POST /api/messages/{id}/forward` */
    public function forward(string $id, array $body, ?string $wait = null, ?int $timeoutMs = null, ?string $idempotencyKey = null): array
    {
        return $this->call('POST', '/api/messages/{id}/forward', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs], body: $body, takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** One message. `GET /api/messages/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/messages/{id}', path: ['id' => $id]);
    }

    /** Keep a message that would disappear. `POST /api/messages/{id}/keep` */
    public function keep(string $id, ?string $wait = null, ?int $timeoutMs = null, ?string $clientMessageId = null, ?string $idempotencyKey = null): array
    {
        return $this->call('POST', '/api/messages/{id}/keep', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs, 'clientMessageId' => $clientMessageId], takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Messages of a session, newest first. `GET /api/sessions/{id}/messages` */
    public function list(string $id, ?string $cursor = null, ?int $limit = null, ?string $after = null, ?string $direction = null, ?bool $fromMe = null, ?string $source = null, ?string $type = null, ?bool $hasMedia = null, ?string $status = null, ?string $state = null, ?string $chat = null, ?string $contact = null, ?string $from = null, ?string $to = null, ?string $text = null, ?bool $count = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/messages', path: ['id' => $id], query: ['cursor' => $cursor, 'limit' => $limit, 'after' => $after, 'direction' => $direction, 'fromMe' => $fromMe, 'source' => $source, 'type' => $type, 'hasMedia' => $hasMedia, 'status' => $status, 'state' => $state, 'chat' => $chat, 'contact' => $contact, 'from' => $from, 'to' => $to, 'text' => $text, 'count' => $count]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(string $id, ?int $limit = null, ?string $after = null, ?string $direction = null, ?bool $fromMe = null, ?string $source = null, ?string $type = null, ?bool $hasMedia = null, ?string $status = null, ?string $state = null, ?string $chat = null, ?string $contact = null, ?string $from = null, ?string $to = null, ?string $text = null, ?bool $count = null): \Generator
    {
        return $this->pages('messages', 'cursor', 'GET', '/api/sessions/{id}/messages', path: ['id' => $id], query: ['limit' => $limit, 'after' => $after, 'direction' => $direction, 'fromMe' => $fromMe, 'source' => $source, 'type' => $type, 'hasMedia' => $hasMedia, 'status' => $status, 'state' => $state, 'chat' => $chat, 'contact' => $contact, 'from' => $from, 'to' => $to, 'text' => $text, 'count' => $count]);
    }

    /** Messages of all sessions, newest first. `GET /api/messages` */
    public function listAll(?string $cursor = null, ?int $limit = null, ?string $after = null, ?string $direction = null, ?bool $fromMe = null, ?string $source = null, ?string $type = null, ?bool $hasMedia = null, ?string $status = null, ?string $state = null, ?string $chat = null, ?string $contact = null, ?string $from = null, ?string $to = null, ?string $text = null, ?bool $count = null, ?string $sessionId = null): array
    {
        return $this->call('GET', '/api/messages', query: ['cursor' => $cursor, 'limit' => $limit, 'after' => $after, 'direction' => $direction, 'fromMe' => $fromMe, 'source' => $source, 'type' => $type, 'hasMedia' => $hasMedia, 'status' => $status, 'state' => $state, 'chat' => $chat, 'contact' => $contact, 'from' => $from, 'to' => $to, 'text' => $text, 'count' => $count, 'sessionId' => $sessionId]);
    }

    /** The items of all pages of `listAll`, one after the other. @return \Generator<int, array> */
    public function eachListAll(?int $limit = null, ?string $after = null, ?string $direction = null, ?bool $fromMe = null, ?string $source = null, ?string $type = null, ?bool $hasMedia = null, ?string $status = null, ?string $state = null, ?string $chat = null, ?string $contact = null, ?string $from = null, ?string $to = null, ?string $text = null, ?bool $count = null, ?string $sessionId = null): \Generator
    {
        return $this->pages('messages', 'cursor', 'GET', '/api/messages', query: ['limit' => $limit, 'after' => $after, 'direction' => $direction, 'fromMe' => $fromMe, 'source' => $source, 'type' => $type, 'hasMedia' => $hasMedia, 'status' => $status, 'state' => $state, 'chat' => $chat, 'contact' => $contact, 'from' => $from, 'to' => $to, 'text' => $text, 'count' => $count, 'sessionId' => $sessionId]);
    }

    /** Messages that wait for their time, the next one first. `GET /api/messages/scheduled` */
    public function listScheduled(?string $sessionId = null, ?string $cursor = null, ?int $limit = null): array
    {
        return $this->call('GET', '/api/messages/scheduled', query: ['sessionId' => $sessionId, 'cursor' => $cursor, 'limit' => $limit]);
    }

    /** The items of all pages of `listScheduled`, one after the other. @return \Generator<int, array> */
    public function eachListScheduled(?string $sessionId = null, ?int $limit = null): \Generator
    {
        return $this->pages('messages', 'cursor', 'GET', '/api/messages/scheduled', query: ['sessionId' => $sessionId, 'limit' => $limit]);
    }

    /** Mark voice messages and videos as played. `POST /api/sessions/{id}/messages/played` */
    public function markPlayed(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/messages/played', path: ['id' => $id], body: $body);
    }

    /** Mark messages as read. `POST /api/sessions/{id}/messages/read` */
    public function markRead(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/messages/read', path: ['id' => $id], body: $body);
    }

    /** The files of a message. `GET /api/messages/{id}/media` */
    public function media(string $id): array
    {
        return $this->call('GET', '/api/messages/{id}/media', path: ['id' => $id]);
    }

    /** Give a scheduled message another time. `PATCH /api/messages/{id}/schedule` */
    public function moveScheduled(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/messages/{id}/schedule', path: ['id' => $id], body: $body);
    }

    /** Pin a message in its chat. `POST /api/messages/{id}/pin` */
    public function pin(string $id, array $body, ?string $wait = null, ?int $timeoutMs = null, ?string $idempotencyKey = null): array
    {
        return $this->call('POST', '/api/messages/{id}/pin', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs], body: $body, takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Mark a voice message or video as played. `POST /api/messages/{id}/played` */
    public function playOne(string $id): array
    {
        return $this->call('POST', '/api/messages/{id}/played', path: ['id' => $id]);
    }

    /** React to a message. `POST /api/messages/{id}/reaction` */
    public function react(string $id, array $body, ?string $wait = null, ?int $timeoutMs = null, ?string $idempotencyKey = null): array
    {
        return $this->call('POST', '/api/messages/{id}/reaction', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs], body: $body, takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Mark a message as read. `POST /api/messages/{id}/read` */
    public function readOne(string $id): array
    {
        return $this->call('POST', '/api/messages/{id}/read', path: ['id' => $id]);
    }

    /** Who has received and read a message. `GET /api/messages/{id}/receipts` */
    public function receipts(string $id): array
    {
        return $this->call('GET', '/api/messages/{id}/receipts', path: ['id' => $id]);
    }

    /** Send a message at a time of its own. `POST /api/messages/schedule` */
    public function schedule(array $body, ?string $wait = null, ?int $timeoutMs = null, ?string $sessionId = null, ?string $idempotencyKey = null): array
    {
        return $this->call('POST', '/api/messages/schedule', query: ['wait' => $wait, 'timeoutMs' => $timeoutMs, 'sessionId' => $sessionId], body: $body, takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Send a message. `POST /api/sessions/{id}/send` */
    public function send(string $id, array $body, ?string $wait = null, ?int $timeoutMs = null, ?string $idempotencyKey = null): array
    {
        return $this->call('POST', '/api/sessions/{id}/send', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs], body: $body, takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Send a message from the default session. `POST /api/messages/send` */
    public function sendFromDefault(array $body, ?string $wait = null, ?int $timeoutMs = null, ?string $sessionId = null, ?string $idempotencyKey = null): array
    {
        return $this->call('POST', '/api/messages/send', query: ['wait' => $wait, 'timeoutMs' => $timeoutMs, 'sessionId' => $sessionId], body: $body, takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Send many messages. `POST /api/messages/bulk` */
    public function sendMany(array $body, ?string $idempotencyKey = null): array
    {
        return $this->call('POST', '/api/messages/bulk', body: $body, takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Star messages, or take the star away. `POST /api/sessions/{id}/messages/star` */
    public function star(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/messages/star', path: ['id' => $id], body: $body);
    }

    /** Star a message. `POST /api/messages/{id}/star` */
    public function starOne(string $id): array
    {
        return $this->call('POST', '/api/messages/{id}/star', path: ['id' => $id]);
    }

    /** Messages of a session with a star, newest first. `GET /api/sessions/{id}/messages/starred` */
    public function starred(string $id, ?string $cursor = null, ?int $limit = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/messages/starred', path: ['id' => $id], query: ['cursor' => $cursor, 'limit' => $limit]);
    }

    /** The items of all pages of `starred`, one after the other. @return \Generator<int, array> */
    public function eachStarred(string $id, ?int $limit = null): \Generator
    {
        return $this->pages('messages', 'cursor', 'GET', '/api/sessions/{id}/messages/starred', path: ['id' => $id], query: ['limit' => $limit]);
    }

    /** What has happened to a message, and what it waits for. `GET /api/messages/{id}/timeline` */
    public function timeline(string $id): array
    {
        return $this->call('GET', '/api/messages/{id}/timeline', path: ['id' => $id]);
    }

    /** Let a kept message disappear. `DELETE /api/messages/{id}/keep` */
    public function unkeep(string $id, ?string $wait = null, ?int $timeoutMs = null, ?string $clientMessageId = null, ?string $idempotencyKey = null): array
    {
        return $this->call('DELETE', '/api/messages/{id}/keep', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs, 'clientMessageId' => $clientMessageId], takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Unpin a message. `DELETE /api/messages/{id}/pin` */
    public function unpin(string $id, ?string $wait = null, ?int $timeoutMs = null, ?string $clientMessageId = null, ?string $idempotencyKey = null): array
    {
        return $this->call('DELETE', '/api/messages/{id}/pin', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs, 'clientMessageId' => $clientMessageId], takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Take the reaction to a message back. `DELETE /api/messages/{id}/reaction` */
    public function unreact(string $id, ?string $wait = null, ?int $timeoutMs = null, ?string $clientMessageId = null, ?string $idempotencyKey = null): array
    {
        return $this->call('DELETE', '/api/messages/{id}/reaction', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs, 'clientMessageId' => $clientMessageId], takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Take the star of a message away. `DELETE /api/messages/{id}/star` */
    public function unstarOne(string $id): array
    {
        return $this->call('DELETE', '/api/messages/{id}/star', path: ['id' => $id]);
    }

    /** Vote in a poll. `POST /api/messages/{id}/votes` */
    public function vote(string $id, array $body, ?string $wait = null, ?int $timeoutMs = null, ?string $idempotencyKey = null): array
    {
        return $this->call('POST', '/api/messages/{id}/votes', path: ['id' => $id], query: ['wait' => $wait, 'timeoutMs' => $timeoutMs], body: $body, takesKey: true, idempotencyKey: $idempotencyKey);
    }

    /** Who has voted in a poll, and for what. `GET /api/messages/{id}/votes` */
    public function votes(string $id): array
    {
        return $this->call('GET', '/api/messages/{id}/votes', path: ['id' => $id]);
    }
}
