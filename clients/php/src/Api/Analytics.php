<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Analytics extends OperationSet
{
    /** Messages of a period, by what became of them. `GET /api/admin/analytics/messages` */
    public function messages(?string $range = null): array
    {
        return $this->call('GET', '/api/admin/analytics/messages', query: ['range' => $range]);
    }

    /** The installation in figures. `GET /api/admin/analytics` */
    public function overview(): array
    {
        return $this->call('GET', '/api/admin/analytics');
    }

    /** Sessions as they are now, and what was new in a period. `GET /api/admin/analytics/sessions` */
    public function sessions(?string $range = null): array
    {
        return $this->call('GET', '/api/admin/analytics/sessions', query: ['range' => $range]);
    }

    /** Users by tier, active and new ones. `GET /api/admin/analytics/users` */
    public function users(): array
    {
        return $this->call('GET', '/api/admin/analytics/users');
    }

    /** What the workers had to do in a period. `GET /api/admin/analytics/workers` */
    public function workers(?string $range = null): array
    {
        return $this->call('GET', '/api/admin/analytics/workers', query: ['range' => $range]);
    }
}
