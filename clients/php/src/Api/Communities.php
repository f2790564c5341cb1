<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Communities extends OperationSet
{
    /** Create a community. `POST /api/sessions/{id}/communities` */
    public function create(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/communities', path: ['id' => $id], body: $body);
    }

    /** The groups of a community. `GET /api/sessions/{id}/communities/{community}/groups` */
    public function groups(string $id, string $community): array
    {
        return $this->call('GET', '/api/sessions/{id}/communities/{community}/groups', path: ['id' => $id, 'community' => $community]);
    }

    /** Link a group to a community. `PUT /api/sessions/{id}/communities/{community}/groups/{group}` */
    public function link(string $id, string $community, string $group): array
    {
        return $this->call('PUT', '/api/sessions/{id}/communities/{community}/groups/{group}', path: ['id' => $id, 'community' => $community, 'group' => $group]);
    }

    /** Take a group out of its community. `DELETE /api/sessions/{id}/communities/{community}/groups/{group}` */
    public function unlink(string $id, string $community, string $group): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/communities/{community}/groups/{group}', path: ['id' => $id, 'community' => $community, 'group' => $group]);
    }
}
