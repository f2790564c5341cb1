<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Queues extends OperationSet
{
    /** What waits in the queues. `GET /api/queues` */
    public function list(?string $scope = null): array
    {
        return $this->call('GET', '/api/queues', query: ['scope' => $scope]);
    }
}
