<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Fleet extends OperationSet
{
    /** How many workers there should be. `GET /api/admin/autoscaling` */
    public function autoscaling(): array
    {
        return $this->call('GET', '/api/admin/autoscaling');
    }

    /** Ask something of all workers. `POST /api/admin/workers/broadcast` */
    public function operate(array $body): array
    {
        return $this->call('POST', '/api/admin/workers/broadcast', body: $body);
    }

    /** Rebalance now. `POST /api/admin/workers/rebalance` */
    public function rebalance(): array
    {
        return $this->call('POST', '/api/admin/workers/rebalance');
    }
}
