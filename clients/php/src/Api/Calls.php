<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Calls extends OperationSet
{
    /** Calls that came to the account, the latest first. `GET /api/sessions/{id}/calls` */
    public function list(string $id, ?string $cursor = null, ?int $limit = null, ?string $status = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/calls', path: ['id' => $id], query: ['cursor' => $cursor, 'limit' => $limit, 'status' => $status]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(string $id, ?int $limit = null, ?string $status = null): \Generator
    {
        return $this->pages('calls', 'cursor', 'GET', '/api/sessions/{id}/calls', path: ['id' => $id], query: ['limit' => $limit, 'status' => $status]);
    }

    /** Reject a call. `POST /api/sessions/{id}/calls/{call}/reject` */
    public function reject(string $id, string $call): array
    {
        return $this->call('POST', '/api/sessions/{id}/calls/{call}/reject', path: ['id' => $id, 'call' => $call]);
    }
}
