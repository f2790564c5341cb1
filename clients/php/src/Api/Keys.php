<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Keys extends OperationSet
{
    /** Make an API key. `POST /api/keys` */
    public function create(array $body): array
    {
        return $this->call('POST', '/api/keys', body: $body);
    }

    /** One API key. `GET /api/keys/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/keys/{id}', path: ['id' => $id]);
    }

    /** List API keys. `GET /api/keys` */
    public function list(?int $page = null, ?int $limit = null, ?bool $includeEnded = null, ?string $scope = null): array
    {
        return $this->call('GET', '/api/keys', query: ['page' => $page, 'limit' => $limit, 'includeEnded' => $includeEnded, 'scope' => $scope]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?bool $includeEnded = null, ?string $scope = null): \Generator
    {
        return $this->pages('keys', 'page', 'GET', '/api/keys', query: ['limit' => $limit, 'includeEnded' => $includeEnded, 'scope' => $scope]);
    }

    /** Revoke an API key. `DELETE /api/keys/{id}` */
    public function revoke(string $id): array
    {
        return $this->call('DELETE', '/api/keys/{id}', path: ['id' => $id]);
    }

    /** Put a new key in the place of an old one. `POST /api/keys/{id}/rotate` */
    public function rotate(string $id, array $body): array
    {
        return $this->call('POST', '/api/keys/{id}/rotate', path: ['id' => $id], body: $body);
    }

    /** Change an API key. `PATCH /api/keys/{id}` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/keys/{id}', path: ['id' => $id], body: $body);
    }
}
