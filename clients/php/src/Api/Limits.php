<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Limits extends OperationSet
{
    /** What you may still do. `GET /api/limits` */
    public function get(): array
    {
        return $this->call('GET', '/api/limits');
    }
}
