<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Profile extends OperationSet
{
    /** The profile of the account. `GET /api/sessions/{id}/profile` */
    public function get(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/profile', path: ['id' => $id]);
    }

    /** Remove the picture of the account. `DELETE /api/sessions/{id}/profile/picture` */
    public function removePicture(string $id): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/profile/picture', path: ['id' => $id]);
    }

    /** Change the about text of the account. `PUT /api/sessions/{id}/profile/about` */
    public function setAbout(string $id, array $body): array
    {
        return $this->call('PUT', '/api/sessions/{id}/profile/about', path: ['id' => $id], body: $body);
    }

    /** Change what the business says of itself. `PATCH /api/sessions/{id}/profile/business` */
    public function setBusiness(string $id, array $body): array
    {
        return $this->call('PATCH', '/api/sessions/{id}/profile/business', path: ['id' => $id], body: $body);
    }

    /** Change the name of the account. `PUT /api/sessions/{id}/profile/name` */
    public function setName(string $id, array $body): array
    {
        return $this->call('PUT', '/api/sessions/{id}/profile/name', path: ['id' => $id], body: $body);
    }

    /** Change the picture of the account. `PUT /api/sessions/{id}/profile/picture` */
    public function setPicture(string $id, array $body): array
    {
        return $this->call('PUT', '/api/sessions/{id}/profile/picture', path: ['id' => $id], body: $body);
    }
}
