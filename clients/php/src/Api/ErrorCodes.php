<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class ErrorCodes extends OperationSet
{
    /** What an error code means. `GET /api/errors/{code}` */
    public function get(string $code): array
    {
        return $this->call('GET', '/api/errors/{code}', path: ['code' => $code]);
    }

    /** All error codes and what they mean. `GET /api/errors` */
    public function list(): array
    {
        return $this->call('GET', '/api/errors');
    }
}
