<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class WorkerEvents extends OperationSet
{
    /** Events of the workers. `GET /api/admin/events` */
    public function list(?string $after = null, ?int $last = null, ?int $limit = null, ?int $wait = null, ?string $events = null, ?string $workerId = null): array
    {
        return $this->call('GET', '/api/admin/events', query: ['after' => $after, 'last' => $last, 'limit' => $limit, 'wait' => $wait, 'events' => $events, 'workerId' => $workerId]);
    }
}
