<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class AdminSessions extends OperationSet
{
    /** One session of any account. `GET /api/admin/sessions/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/admin/sessions/{id}', path: ['id' => $id]);
    }

    /** Sessions of all accounts. `GET /api/admin/sessions` */
    public function list(?int $page = null, ?int $limit = null, ?string $search = null, ?string $status = null, ?string $worker = null, ?string $user = null): array
    {
        return $this->call('GET', '/api/admin/sessions', query: ['page' => $page, 'limit' => $limit, 'search' => $search, 'status' => $status, 'worker' => $worker, 'user' => $user]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $search = null, ?string $status = null, ?string $worker = null, ?string $user = null): \Generator
    {
        return $this->pages('sessions', 'page', 'GET', '/api/admin/sessions', query: ['limit' => $limit, 'search' => $search, 'status' => $status, 'worker' => $worker, 'user' => $user]);
    }
}
