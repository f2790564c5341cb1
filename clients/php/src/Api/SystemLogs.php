<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class SystemLogs extends OperationSet
{
    /** Warnings and errors of all processes. `GET /api/admin/logs` */
    public function list(?string $cursor = null, ?int $limit = null, ?string $level = null, ?string $service = null, ?string $session = null, ?string $worker = null, ?string $search = null, ?string $from = null, ?string $to = null): array
    {
        return $this->call('GET', '/api/admin/logs', query: ['cursor' => $cursor, 'limit' => $limit, 'level' => $level, 'service' => $service, 'session' => $session, 'worker' => $worker, 'search' => $search, 'from' => $from, 'to' => $to]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $level = null, ?string $service = null, ?string $session = null, ?string $worker = null, ?string $search = null, ?string $from = null, ?string $to = null): \Generator
    {
        return $this->pages('logs', 'cursor', 'GET', '/api/admin/logs', query: ['limit' => $limit, 'level' => $level, 'service' => $service, 'session' => $session, 'worker' => $worker, 'search' => $search, 'from' => $from, 'to' => $to]);
    }
}
