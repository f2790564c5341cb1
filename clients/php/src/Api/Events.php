<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Events extends OperationSet
{
    /** A ticket with which a browser opens a stream. `POST /api/events/tickets` */
    public function createTicket(array $body): array
    {
        return $this->call('POST', '/api/events/tickets', body: $body);
    }

    /** Events of all sessions. `GET /api/events` */
    public function list(?string $after = null, ?int $limit = null, ?int $wait = null, ?string $sessionId = null, ?string $events = null, ?string $chat = null): array
    {
        return $this->call('GET', '/api/events', query: ['after' => $after, 'limit' => $limit, 'wait' => $wait, 'sessionId' => $sessionId, 'events' => $events, 'chat' => $chat]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?string $after = null, ?int $limit = null, ?string $sessionId = null, ?string $events = null, ?string $chat = null): \Generator
    {
        return $this->pages('events', 'after', 'GET', '/api/events', query: ['after' => $after, 'limit' => $limit, 'sessionId' => $sessionId, 'events' => $events, 'chat' => $chat]);
    }

    /** Events of a session. `GET /api/sessions/{id}/events` */
    public function listOfSession(string $id, ?string $after = null, ?int $limit = null, ?int $wait = null, ?string $events = null, ?string $chat = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/events', path: ['id' => $id], query: ['after' => $after, 'limit' => $limit, 'wait' => $wait, 'events' => $events, 'chat' => $chat]);
    }

    /** The items of all pages of `listOfSession`, one after the other. @return \Generator<int, array> */
    public function eachListOfSession(string $id, ?string $after = null, ?int $limit = null, ?string $events = null, ?string $chat = null): \Generator
    {
        return $this->pages('events', 'after', 'GET', '/api/sessions/{id}/events', path: ['id' => $id], query: ['after' => $after, 'limit' => $limit, 'events' => $events, 'chat' => $chat]);
    }
}
