<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class AuditLogs extends OperationSet
{
    /** Who changed what in the workspace. `GET /api/audit-logs` */
    public function list(?string $cursor = null, ?int $limit = null, ?string $action = null, ?string $actor = null, ?string $resource = null, ?string $from = null, ?string $to = null): array
    {
        return $this->call('GET', '/api/audit-logs', query: ['cursor' => $cursor, 'limit' => $limit, 'action' => $action, 'actor' => $actor, 'resource' => $resource, 'from' => $from, 'to' => $to]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(?int $limit = null, ?string $action = null, ?string $actor = null, ?string $resource = null, ?string $from = null, ?string $to = null): \Generator
    {
        return $this->pages('auditLogs', 'cursor', 'GET', '/api/audit-logs', query: ['limit' => $limit, 'action' => $action, 'actor' => $actor, 'resource' => $resource, 'from' => $from, 'to' => $to]);
    }

    /** Who changed what in the whole installation. `GET /api/admin/audit-logs` */
    public function listAll(?string $cursor = null, ?int $limit = null, ?string $action = null, ?string $actor = null, ?string $resource = null, ?string $from = null, ?string $to = null, ?string $workspace = null): array
    {
        return $this->call('GET', '/api/admin/audit-logs', query: ['cursor' => $cursor, 'limit' => $limit, 'action' => $action, 'actor' => $actor, 'resource' => $resource, 'from' => $from, 'to' => $to, 'workspace' => $workspace]);
    }

    /** The items of all pages of `listAll`, one after the other. @return \Generator<int, array> */
    public function eachListAll(?int $limit = null, ?string $action = null, ?string $actor = null, ?string $resource = null, ?string $from = null, ?string $to = null, ?string $workspace = null): \Generator
    {
        return $this->pages('auditLogs', 'cursor', 'GET', '/api/admin/audit-logs', query: ['limit' => $limit, 'action' => $action, 'actor' => $actor, 'resource' => $resource, 'from' => $from, 'to' => $to, 'workspace' => $workspace]);
    }
}
