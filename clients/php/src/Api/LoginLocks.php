<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class LoginLocks extends OperationSet
{
    /** Lift one lock. `DELETE /api/admin/login-locks/{id}` */
    public function lift(string $id): array
    {
        return $this->call('DELETE', '/api/admin/login-locks/{id}', path: ['id' => $id]);
    }

    /** Who cannot log in because of wrong passwords. `GET /api/admin/login-locks` */
    public function list(?string $email = null, ?string $address = null): array
    {
        return $this->call('GET', '/api/admin/login-locks', query: ['email' => $email, 'address' => $address]);
    }
}
