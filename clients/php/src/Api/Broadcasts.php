<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Broadcasts extends OperationSet
{
    /** Add recipients. `POST /api/broadcast/{id}/recipients` */
    public function addRecipients(string $id, array $body): array
    {
        return $this->call('POST', '/api/broadcast/{id}/recipients', path: ['id' => $id], body: $body);
    }

    /** Cancel a broadcast. `POST /api/broadcast/{id}/cancel` */
    public function cancel(string $id): array
    {
        return $this->call('POST', '/api/broadcast/{id}/cancel', path: ['id' => $id]);
    }

    /** Make a broadcast. `POST /api/broadcast` */
    public function create(array $body): array
    {
        return $this->call('POST', '/api/broadcast', body: $body);
    }

    /** Delete a broadcast with its report. `DELETE /api/broadcast/{id}` */
    public function delete(string $id): array
    {
        return $this->call('DELETE', '/api/broadcast/{id}', path: ['id' => $id]);
    }

    /** One broadcast, with its counts. `GET /api/broadcast/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/broadcast/{id}', path: ['id' => $id]);
    }

    /** Add recipients from CSV. `POST /api/broadcast/{id}/recipients/import` */
    public function importRecipients(string $id, string $body): array
    {
        return $this->call('POST', '/api/broadcast/{id}/recipients/import', path: ['id' => $id], body: $body, contentType: 'text/csv');
    }

    /** Broadcasts, the newest first. `GET /api/broadcast` */
    public function list(?int $page = null, ?int $limit = null, ?string $status = null): array
    {
        return $this->call('GET', '/api/broadcast', query: ['page' => $page, 'limit' => $limit, 'status' => $status]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $status = null): \Generator
    {
        return $this->pages('broadcasts', 'page', 'GET', '/api/broadcast', query: ['limit' => $limit, 'status' => $status]);
    }

    /** Pause a broadcast. `POST /api/broadcast/{id}/pause` */
    public function pause(string $id): array
    {
        return $this->call('POST', '/api/broadcast/{id}/pause', path: ['id' => $id]);
    }

    /** The message as one recipient would get it. `POST /api/broadcast/{id}/preview` */
    public function preview(string $id, array $body): array
    {
        return $this->call('POST', '/api/broadcast/{id}/preview', path: ['id' => $id], body: $body);
    }

    /** What became of each recipient. `GET /api/broadcast/{id}/report` */
    public function report(string $id, ?string $cursor = null, ?int $limit = null, ?string $state = null, ?string $format = null): array
    {
        return $this->call('GET', '/api/broadcast/{id}/report', path: ['id' => $id], query: ['cursor' => $cursor, 'limit' => $limit, 'state' => $state, 'format' => $format]);
    }

    /** Go on with a paused broadcast. `POST /api/broadcast/{id}/resume` */
    public function resume(string $id): array
    {
        return $this->call('POST', '/api/broadcast/{id}/resume', path: ['id' => $id]);
    }

    /** Start a broadcast. `POST /api/broadcast/{id}/start` */
    public function start(string $id): array
    {
        return $this->call('POST', '/api/broadcast/{id}/start', path: ['id' => $id]);
    }

    /** Change a broadcast that has not begun. `PATCH /api/broadcast/{id}` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/broadcast/{id}', path: ['id' => $id], body: $body);
    }
}
