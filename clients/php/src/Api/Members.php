<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Members extends OperationSet
{
    /** List members. `GET /api/workspaces/{id}/members` */
    public function list(string $id, ?int $page = null, ?int $limit = null): array
    {
        return $this->call('GET', '/api/workspaces/{id}/members', path: ['id' => $id], query: ['page' => $page, 'limit' => $limit]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(string $id, ?int $limit = null): \Generator
    {
        return $this->pages('members', 'page', 'GET', '/api/workspaces/{id}/members', path: ['id' => $id], query: ['limit' => $limit]);
    }

    /** Remove a member. `DELETE /api/workspaces/{id}/members/{userId}` */
    public function remove(string $id, string $userId, ?string $keys = null): array
    {
        return $this->call('DELETE', '/api/workspaces/{id}/members/{userId}', path: ['id' => $id, 'userId' => $userId], query: ['keys' => $keys]);
    }

    /** Change the role of a member. `PATCH /api/workspaces/{id}/members/{userId}` */
    public function update(string $id, string $userId, array $body): array
    {
        return $this->call('PATCH', '/api/workspaces/{id}/members/{userId}', path: ['id' => $id, 'userId' => $userId], body: $body);
    }
}
