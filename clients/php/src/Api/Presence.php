<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Presence extends Group
{
    /** Show that the account is online, or is typing. `POST /api/sessions/{id}/presence` */
    public function set(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/presence', path: ['id' => $id], body: $body);
    }
}
