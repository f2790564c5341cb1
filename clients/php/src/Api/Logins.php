<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Logins extends OperationSet
{
    /** End one of my logins. `DELETE /api/auth/logins/{id}` */
    public function end(string $id): array
    {
        return $this->call('DELETE', '/api/auth/logins/{id}', path: ['id' => $id]);
    }

    /** My logins. `GET /api/auth/logins` */
    public function list(): array
    {
        return $this->call('GET', '/api/auth/logins');
    }
}
