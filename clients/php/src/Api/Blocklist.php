<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Blocklist extends OperationSet
{
    /** Block somebody. `POST /api/sessions/{id}/blocklist/block` */
    public function block(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/blocklist/block', path: ['id' => $id], body: $body);
    }

    /** Whom the account has blocked. `GET /api/sessions/{id}/blocklist` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/blocklist', path: ['id' => $id]);
    }

    /** Unblock somebody. `POST /api/sessions/{id}/blocklist/unblock` */
    public function unblock(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/blocklist/unblock', path: ['id' => $id], body: $body);
    }
}
