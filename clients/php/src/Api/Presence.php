<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Presence extends OperationSet
{
    /** Whether somebody is online, as WhatsApp has said last. `GET /api/sessions/{id}/presence` */
    public function get(string $id, string $contact): array
    {
        return $this->call('GET', '/api/sessions/{id}/presence', path: ['id' => $id], query: ['contact' => $contact]);
    }

    /** Show that the account is online, or is typing. `POST /api/sessions/{id}/presence` */
    public function set(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/presence', path: ['id' => $id], body: $body);
    }

    /** Watch whether somebody is online. `POST /api/sessions/{id}/presence/subscribe` */
    public function subscribe(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/presence/subscribe', path: ['id' => $id], body: $body);
    }
}
