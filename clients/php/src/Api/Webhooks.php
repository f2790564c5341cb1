<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Webhooks extends Group
{
    /** Create a webhook of the workspace, or of a session. `POST /api/webhooks` */
    public function create(array $body): array
    {
        return $this->call('POST', '/api/webhooks', body: $body);
    }

    /** A webhook with its state. `GET /api/webhooks/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/webhooks/{id}', path: ['id' => $id]);
    }

    /** All webhooks of the workspace. `GET /api/webhooks` */
    public function list(?int $page = null, ?int $limit = null, ?string $sessionId = null): array
    {
        return $this->call('GET', '/api/webhooks', query: ['page' => $page, 'limit' => $limit, 'sessionId' => $sessionId]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $sessionId = null): \Generator
    {
        return $this->pages('webhooks', 'page', 'GET', '/api/webhooks', query: ['limit' => $limit, 'sessionId' => $sessionId]);
    }

    /** Remove a webhook. `DELETE /api/webhooks/{id}` */
    public function remove(string $id): array
    {
        return $this->call('DELETE', '/api/webhooks/{id}', path: ['id' => $id]);
    }

    /** Give a webhook another secret. `POST /api/webhooks/{id}/rotate-secret` */
    public function rotateSecret(string $id, array $body): array
    {
        return $this->call('POST', '/api/webhooks/{id}/rotate-secret', path: ['id' => $id], body: $body);
    }

    /** Send the example of an event now. `POST /api/webhooks/{id}/test` */
    public function test(string $id, array $body): array
    {
        return $this->call('POST', '/api/webhooks/{id}/test', path: ['id' => $id], body: $body);
    }

    /** Change, pause or resume a webhook. `PATCH /api/webhooks/{id}` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/webhooks/{id}', path: ['id' => $id], body: $body);
    }
}
