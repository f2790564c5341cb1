<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Invitations extends OperationSet
{
    /** Accept an invitation. `POST /api/invitations/{token}/accept` */
    public function accept(string $token): array
    {
        return $this->call('POST', '/api/invitations/{token}/accept', path: ['token' => $token]);
    }

    /** Invite somebody. `POST /api/workspaces/{id}/invitations` */
    public function create(string $id, array $body): array
    {
        return $this->call('POST', '/api/workspaces/{id}/invitations', path: ['id' => $id], body: $body);
    }

    /** Look at an invitation. `GET /api/invitations/{token}` */
    public function get(string $token): array
    {
        return $this->call('GET', '/api/invitations/{token}', path: ['token' => $token]);
    }

    /** List open invitations. `GET /api/workspaces/{id}/invitations` */
    public function list(string $id, ?int $page = null, ?int $limit = null): array
    {
        return $this->call('GET', '/api/workspaces/{id}/invitations', path: ['id' => $id], query: ['page' => $page, 'limit' => $limit]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(string $id, ?int $limit = null): \Generator
    {
        return $this->pages('invitations', 'page', 'GET', '/api/workspaces/{id}/invitations', path: ['id' => $id], query: ['limit' => $limit]);
    }

    /** Withdraw an invitation. `DELETE /api/workspaces/{id}/invitations/{invitationId}` */
    public function withdraw(string $id, string $invitationId): array
    {
        return $this->call('DELETE', '/api/workspaces/{id}/invitations/{invitationId}', path: ['id' => $id, 'invitationId' => $invitationId]);
    }
}
