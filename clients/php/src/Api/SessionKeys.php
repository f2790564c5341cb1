<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class SessionKeys extends OperationSet
{
    /** Make another key for a session. `POST /api/sessions/{id}/keys` */
    public function create(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/keys', path: ['id' => $id], body: $body);
    }

    /** List the keys of a session. `GET /api/sessions/{id}/keys` */
    public function list(string $id, ?int $page = null, ?int $limit = null, ?bool $includeEnded = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/keys', path: ['id' => $id], query: ['page' => $page, 'limit' => $limit, 'includeEnded' => $includeEnded]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(string $id, ?int $limit = null, ?bool $includeEnded = null): \Generator
    {
        return $this->pages('keys', 'page', 'GET', '/api/sessions/{id}/keys', path: ['id' => $id], query: ['limit' => $limit, 'includeEnded' => $includeEnded]);
    }
}
