<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Privacy extends OperationSet
{
    /** The privacy settings of the account. `GET /api/sessions/{id}/privacy` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/privacy', path: ['id' => $id]);
    }

    /** Change privacy settings of the account. `PATCH /api/sessions/{id}/privacy` */
    public function set(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/sessions/{id}/privacy', path: ['id' => $id], body: $body);
    }
}
