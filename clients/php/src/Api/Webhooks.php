<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Webhooks extends OperationSet
{
    /** Create a webhook of the workspace, or of a session. `POST /api/webhooks` */
    public function create(array $body): array
    {
        return $this->call('POST', '/api/webhooks', body: $body);
    }

    /** What became of the events of a webhook. `GET /api/webhooks/{id}/deliveries` */
    public function deliveries(string $id, ?string $cursor = null, ?int $limit = null, ?string $status = null, ?string $event = null, ?string $sessionId = null, ?string $from = null, ?string $to = null): array
    {
        return $this->call('GET', '/api/webhooks/{id}/deliveries', path: ['id' => $id], query: ['cursor' => $cursor, 'limit' => $limit, 'status' => $status, 'event' => $event, 'sessionId' => $sessionId, 'from' => $from, 'to' => $to]);
    }

    /** The items of all pages of `deliveries`, one after the other. @return \Generator<int, array> */
    public function eachDeliveries(string $id, ?int $limit = null, ?string $status = null, ?string $event = null, ?string $sessionId = null, ?string $from = null, ?string $to = null): \Generator
    {
        return $this->pages('deliveries', 'cursor', 'GET', '/api/webhooks/{id}/deliveries', path: ['id' => $id], query: ['limit' => $limit, 'status' => $status, 'event' => $event, 'sessionId' => $sessionId, 'from' => $from, 'to' => $to]);
    }

    /** What became of one event of a webhook. `GET /api/webhooks/{id}/deliveries/{deliveryId}` */
    public function delivery(string $id, string $deliveryId): array
    {
        return $this->call('GET', '/api/webhooks/{id}/deliveries/{deliveryId}', path: ['id' => $id, 'deliveryId' => $deliveryId]);
    }

    /** A webhook with its state. `GET /api/webhooks/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/webhooks/{id}', path: ['id' => $id]);
    }

    /** All webhooks of the workspace. `GET /api/webhooks` */
    public function list(?int $page = null, ?int $limit = null, ?string $sessionId = null): array
    {
        return $this->call('GET', '/api/webhooks', query: ['page' => $page, 'limit' => $limit, 'sessionId' => $sessionId]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $sessionId = null): \Generator
    {
        return $this->pages('webhooks', 'page', 'GET', '/api/webhooks', query: ['limit' => $limit, 'sessionId' => $sessionId]);
    }

    /** Remove a webhook. `DELETE /api/webhooks/{id}` */
    public function remove(string $id): array
    {
        return $this->call('DELETE', '/api/webhooks/{id}', path: ['id' => $id]);
    }

    /** Send events to a webhook again. `POST /api/webhooks/{id}/replay` */
    public function replay(string $id, array $body): array
    {
        return $this->call('POST', '/api/webhooks/{id}/replay', path: ['id' => $id], body: $body);
    }

    /** Send one event to a webhook again. `POST /api/webhooks/{id}/deliveries/{deliveryId}/replay` */
    public function replayDelivery(string $id, string $deliveryId): array
    {
        return $this->call('POST', '/api/webhooks/{id}/deliveries/{deliveryId}/replay', path: ['id' => $id, 'deliveryId' => $deliveryId]);
    }

    /** Give a webhook another secret. `POST /api/webhooks/{id}/rotate-secret` */
    public function rotateSecret(string $id, array $body): array
    {
        return $this->call('POST', '/api/webhooks/{id}/rotate-secret', path: ['id' => $id], body: $body);
    }

    /** Send the example of an event now. `POST /api/webhooks/{id}/test` */
    public function test(string $id, array $body): array
    {
        return $this->call('POST', '/api/webhooks/{id}/test', path: ['id' => $id], body: $body);
    }

    /** Change, pause or resume a webhook. `PATCH /api/webhooks/{id}` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/webhooks/{id}', path: ['id' => $id], body: $body);
    }
}
