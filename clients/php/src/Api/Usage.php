<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Usage extends OperationSet
{
    /** What your account has used. `GET /api/usage` */
    public function list(?string $month = null, ?string $from = null, ?string $to = null, ?string $groupBy = null, ?string $format = null): array
    {
        return $this->call('GET', '/api/usage', query: ['month' => $month, 'from' => $from, 'to' => $to, 'groupBy' => $groupBy, 'format' => $format]);
    }

    /** What all accounts have used. `GET /api/admin/usage` */
    public function listAll(?string $month = null, ?string $from = null, ?string $to = null, ?string $groupBy = null, ?string $format = null, ?int $page = null, ?int $limit = null, ?string $userId = null): array
    {
        return $this->call('GET', '/api/admin/usage', query: ['month' => $month, 'from' => $from, 'to' => $to, 'groupBy' => $groupBy, 'format' => $format, 'page' => $page, 'limit' => $limit, 'userId' => $userId]);
    }

    /** The items of all pages of `listAll`, one after the other. @return \Generator<int, array> */
    public function eachListAll(?string $month = null, ?string $from = null, ?string $to = null, ?string $groupBy = null, ?string $format = null, ?int $limit = null, ?string $userId = null): \Generator
    {
        return $this->pages('records', 'page', 'GET', '/api/admin/usage', query: ['month' => $month, 'from' => $from, 'to' => $to, 'groupBy' => $groupBy, 'format' => $format, 'limit' => $limit, 'userId' => $userId]);
    }
}
