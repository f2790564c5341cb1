<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Tiers extends OperationSet
{
    /** The tiers, and what they allow. `GET /api/tiers` */
    public function list(): array
    {
        return $this->call('GET', '/api/tiers');
    }

    /** Change what a tier allows. `PUT /api/admin/tiers/{tier}` */
    public function set(string $tier, array $body): array
    {
        return $this->call('PUT', '/api/admin/tiers/{tier}', path: ['tier' => $tier], body: $body);
    }
}
