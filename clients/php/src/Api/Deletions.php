<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Deletions extends OperationSet
{
    /** How far a deletion is. `GET /api/deletions/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/deletions/{id}', path: ['id' => $id]);
    }
}
