<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Workspaces extends OperationSet
{
    /** Make a workspace. `POST /api/workspaces` */
    public function create(array $body): array
    {
        return $this->call('POST', '/api/workspaces', body: $body);
    }

    /** Delete a workspace with everything in it. `DELETE /api/workspaces/{id}` */
    public function delete(string $id): array
    {
        return $this->call('DELETE', '/api/workspaces/{id}', path: ['id' => $id]);
    }

    /** One workspace. `GET /api/workspaces/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/workspaces/{id}', path: ['id' => $id]);
    }

    /** Leave a workspace. `POST /api/workspaces/{id}/leave` */
    public function leave(string $id): array
    {
        return $this->call('POST', '/api/workspaces/{id}/leave', path: ['id' => $id]);
    }

    /** My workspaces. `GET /api/workspaces` */
    public function list(?int $page = null, ?int $limit = null): array
    {
        return $this->call('GET', '/api/workspaces', query: ['page' => $page, 'limit' => $limit]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null): \Generator
    {
        return $this->pages('workspaces', 'page', 'GET', '/api/workspaces', query: ['limit' => $limit]);
    }

    /** Rename a workspace. `PATCH /api/workspaces/{id}` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/workspaces/{id}', path: ['id' => $id], body: $body);
    }
}
