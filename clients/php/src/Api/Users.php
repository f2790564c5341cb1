<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Users extends OperationSet
{
    /** Make a user. `POST /api/admin/users` */
    public function create(array $body): array
    {
        return $this->call('POST', '/api/admin/users', body: $body);
    }

    /** Delete a user with everything that is theirs. `DELETE /api/admin/users/{id}` */
    public function delete(string $id): array
    {
        return $this->call('DELETE', '/api/admin/users/{id}', path: ['id' => $id]);
    }

    /** End all logins of a user. `DELETE /api/admin/users/{id}/logins` */
    public function endLogins(string $id): array
    {
        return $this->call('DELETE', '/api/admin/users/{id}/logins', path: ['id' => $id]);
    }

    /** One user. `GET /api/admin/users/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/admin/users/{id}', path: ['id' => $id]);
    }

    /** All users. `GET /api/admin/users` */
    public function list(?int $page = null, ?int $limit = null, ?string $search = null, ?string $role = null, ?string $tier = null, ?string $status = null): array
    {
        return $this->call('GET', '/api/admin/users', query: ['page' => $page, 'limit' => $limit, 'search' => $search, 'role' => $role, 'tier' => $tier, 'status' => $status]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $search = null, ?string $role = null, ?string $tier = null, ?string $status = null): \Generator
    {
        return $this->pages('users', 'page', 'GET', '/api/admin/users', query: ['limit' => $limit, 'search' => $search, 'role' => $role, 'tier' => $tier, 'status' => $status]);
    }

    /** Change a user. `PATCH /api/admin/users/{id}` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/admin/users/{id}', path: ['id' => $id], body: $body);
    }
}
