<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Dashboard extends OperationSet
{
    /** How things were: messages, contacts, failures, response times, usage. `GET /api/dashboard/history` */
    public function getHistory(?string $scope = null, ?string $by = null): array
    {
        return $this->call('GET', '/api/dashboard/history', query: ['scope' => $scope, 'by' => $by]);
    }

    /** How things are now. `GET /api/dashboard/metrics` */
    public function getMetrics(?string $scope = null): array
    {
        return $this->call('GET', '/api/dashboard/metrics', query: ['scope' => $scope]);
    }
}
