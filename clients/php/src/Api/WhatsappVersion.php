<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class WhatsappVersion extends OperationSet
{
    /** With which versions of WhatsApp Web sessions log in. `GET /api/admin/whatsapp-version` */
    public function get(): array
    {
        return $this->call('GET', '/api/admin/whatsapp-version');
    }

    /** Set the version of WhatsApp Web, or have some sessions try another one. `PUT /api/admin/whatsapp-version` */
    public function set(array $body): array
    {
        return $this->call('PUT', '/api/admin/whatsapp-version', body: $body);
    }
}
