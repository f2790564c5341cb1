<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Me extends OperationSet
{
    /** Who am I. `GET /api/auth/me` */
    public function get(): array
    {
        return $this->call('GET', '/api/auth/me');
    }

    /** Change my name or e-mail. `PATCH /api/auth/me` */
    public function update(array $body): array
    {
        return $this->call('PATCH', '/api/auth/me', body: $body);
    }
}
