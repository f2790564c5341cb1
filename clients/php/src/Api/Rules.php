<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Rules extends OperationSet
{
    /** Make a keyword rule. `POST /api/rules` */
    public function create(array $body): array
    {
        return $this->call('POST', '/api/rules', body: $body);
    }

    /** Delete a keyword rule. `DELETE /api/rules/{id}` */
    public function delete(string $id): array
    {
        return $this->call('DELETE', '/api/rules/{id}', path: ['id' => $id]);
    }

    /** One keyword rule. `GET /api/rules/{id}` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/rules/{id}', path: ['id' => $id]);
    }

    /** Keyword rules, in the order in which they are looked at. `GET /api/rules` */
    public function list(): array
    {
        return $this->call('GET', '/api/rules');
    }

    /** Which rule a message would set off. `POST /api/rules/test` */
    public function test(array $body): array
    {
        return $this->call('POST', '/api/rules/test', body: $body);
    }

    /** Change a keyword rule. `PATCH /api/rules/{id}` */
    public function update(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/rules/{id}', path: ['id' => $id], body: $body);
    }
}
