<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Notices extends OperationSet
{
    /** What is wrong with the sessions of a workspace, and what was told of it. `GET /api/workspaces/{id}/notices` */
    public function list(string $id, ?string $cursor = null, ?int $limit = null, ?bool $open = null): array
    {
        return $this->call('GET', '/api/workspaces/{id}/notices', path: ['id' => $id], query: ['cursor' => $cursor, 'limit' => $limit, 'open' => $open]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(string $id, ?int $limit = null, ?bool $open = null): \Generator
    {
        return $this->pages('notices', 'cursor', 'GET', '/api/workspaces/{id}/notices', path: ['id' => $id], query: ['limit' => $limit, 'open' => $open]);
    }

    /** What is wrong with the installation, and what was told of it. `GET /api/admin/notices` */
    public function listAll(?string $cursor = null, ?int $limit = null, ?bool $open = null): array
    {
        return $this->call('GET', '/api/admin/notices', query: ['cursor' => $cursor, 'limit' => $limit, 'open' => $open]);
    }

    /** The items of all pages of `listAll`, one after the other. @return \Generator<int, array> */
    public function eachListAll(?int $limit = null, ?bool $open = null): \Generator
    {
        return $this->pages('notices', 'cursor', 'GET', '/api/admin/notices', query: ['limit' => $limit, 'open' => $open]);
    }

    /** Who is told what, and after how long. `GET /api/workspaces/{id}/notices/settings` */
    public function settings(string $id): array
    {
        return $this->call('GET', '/api/workspaces/{id}/notices/settings', path: ['id' => $id]);
    }

    /** Whether I get the mails of a workspace. `PUT /api/workspaces/{id}/notices/subscription` */
    public function subscribe(string $id, array $body): array
    {
        return $this->call('PUT', '/api/workspaces/{id}/notices/subscription', path: ['id' => $id], body: $body);
    }

    /** Whether I get the mails about the installation. `PUT /api/admin/notices/subscription` */
    public function subscribeAdministrator(array $body): array
    {
        return $this->call('PUT', '/api/admin/notices/subscription', body: $body);
    }

    /** Change who is told what, and after how long. `PATCH /api/workspaces/{id}/notices/settings` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/workspaces/{id}/notices/settings', path: ['id' => $id], body: $body);
    }
}
