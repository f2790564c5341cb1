<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class RateLimits extends OperationSet
{
    /** All rate limits. `GET /api/admin/rate-limits` */
    public function list(): array
    {
        return $this->call('GET', '/api/admin/rate-limits');
    }

    /** Set a rate limit back to its default. `DELETE /api/admin/rate-limits/{bucket}` */
    public function reset(string $bucket): array
    {
        return $this->call('DELETE', '/api/admin/rate-limits/{bucket}', path: ['bucket' => $bucket]);
    }

    /** Change a rate limit. `PUT /api/admin/rate-limits/{bucket}` */
    public function set(string $bucket, array $body): array
    {
        return $this->call('PUT', '/api/admin/rate-limits/{bucket}', path: ['bucket' => $bucket], body: $body);
    }
}
