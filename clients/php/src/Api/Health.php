<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Health extends OperationSet
{
    /** State of the gateway and of what it needs. `GET /health` */
    public function get(): array
    {
        return $this->call('GET', '/health', answer: 'json');
    }

    /** State of the gateway and of what it needs. `GET /api/health` */
    public function getOfApi(): array
    {
        return $this->call('GET', '/api/health', answer: 'json');
    }

    /** The process is alive. `GET /livez` */
    public function live(): array
    {
        return $this->call('GET', '/livez', answer: 'json');
    }

    /** Requests can be answered. `GET /readyz` */
    public function ready(): array
    {
        return $this->call('GET', '/readyz', answer: 'json');
    }
}
