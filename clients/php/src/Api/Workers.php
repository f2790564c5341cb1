<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Workers extends OperationSet
{
    /** Expect a worker at an endpoint. `POST /api/admin/workers` */
    public function add(array $body): array
    {
        return $this->call('POST', '/api/admin/workers', body: $body);
    }

    /** Place nothing new on a worker. `POST /api/admin/workers/{id}/cordon` */
    public function cordon(string $id): array
    {
        return $this->call('POST', '/api/admin/workers/{id}/cordon', path: ['id' => $id]);
    }

    /** Move everything off a worker. `POST /api/admin/workers/{id}/drain` */
    public function drain(string $id): array
    {
        return $this->call('POST', '/api/admin/workers/{id}/drain', path: ['id' => $id]);
    }

    /** End maintenance of a worker. `DELETE /api/admin/workers/{id}/maintenance` */
    public function endMaintenance(string $id): array
    {
        return $this->call('DELETE', '/api/admin/workers/{id}/maintenance', path: ['id' => $id]);
    }

    /** One worker. `GET /api/admin/workers/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/admin/workers/{id}', path: ['id' => $id]);
    }

    /** All workers. `GET /api/admin/workers` */
    public function list(): array
    {
        return $this->call('GET', '/api/admin/workers');
    }

    /** Begin maintenance of a worker. `POST /api/admin/workers/{id}/maintenance` */
    public function maintenance(string $id): array
    {
        return $this->call('POST', '/api/admin/workers/{id}/maintenance', path: ['id' => $id]);
    }

    /** Figures of all workers. `GET /api/admin/workers/metrics` */
    public function metrics(?string $range = null): array
    {
        return $this->call('GET', '/api/admin/workers/metrics', query: ['range' => $range]);
    }

    /** Figures of one worker. `GET /api/admin/workers/{id}/metrics` */
    public function metricsOfOne(string $id, ?string $range = null): array
    {
        return $this->call('GET', '/api/admin/workers/{id}/metrics', path: ['id' => $id], query: ['range' => $range]);
    }

    /** Remove a worker. `DELETE /api/admin/workers/{id}` */
    public function remove(string $id, ?bool $force = null): array
    {
        return $this->call('DELETE', '/api/admin/workers/{id}', path: ['id' => $id], query: ['force' => $force]);
    }

    /** Revoke the token of a worker. `DELETE /api/admin/workers/{id}/token` */
    public function revokeToken(string $id): array
    {
        return $this->call('DELETE', '/api/admin/workers/{id}/token', path: ['id' => $id]);
    }

    /** Use a worker again. `POST /api/admin/workers/{id}/uncordon` */
    public function uncordon(string $id): array
    {
        return $this->call('POST', '/api/admin/workers/{id}/uncordon', path: ['id' => $id]);
    }

    /** Change a worker. `PATCH /api/admin/workers/{id}` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/admin/workers/{id}', path: ['id' => $id], body: $body);
    }
}
