<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Groups extends OperationSet
{
    /** Accept a personal invitation into a group. `POST /api/sessions/{id}/groups/{group}/invitations/accept` */
    public function acceptInvitation(string $id, string $group, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups/{group}/invitations/accept', path: ['id' => $id, 'group' => $group], body: $body);
    }

    /** Add people to a group. `POST /api/sessions/{id}/groups/{group}/participants` */
    public function addParticipants(string $id, string $group, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups/{group}/participants', path: ['id' => $id, 'group' => $group], body: $body);
    }

    /** Let people join who have asked. `POST /api/sessions/{id}/groups/{group}/join-requests/approve` */
    public function approveJoinRequests(string $id, string $group, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups/{group}/join-requests/approve', path: ['id' => $id, 'group' => $group], body: $body);
    }

    /** Create a group. `POST /api/sessions/{id}/groups` */
    public function create(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups', path: ['id' => $id], body: $body);
    }

    /** Make admins members. `POST /api/sessions/{id}/groups/{group}/participants/demote` */
    public function demoteParticipants(string $id, string $group, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups/{group}/participants/demote', path: ['id' => $id, 'group' => $group], body: $body);
    }

    /** The participants of a group as a table (CSV). `GET /api/sessions/{id}/groups/{group}/participants/export` */
    public function exportParticipants(string $id, string $group): Response
    {
        return $this->call('GET', '/api/sessions/{id}/groups/{group}/participants/export', path: ['id' => $id, 'group' => $group], answer: 'response');
    }

    /** A group with its participants. `GET /api/sessions/{id}/groups/{group}` */
    public function get(string $id, string $group, ?int $maxAgeSeconds = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/groups/{group}', path: ['id' => $id, 'group' => $group], query: ['maxAgeSeconds' => $maxAgeSeconds]);
    }

    /** The link that invites into a group. `GET /api/sessions/{id}/groups/{group}/invite` */
    public function inviteCode(string $id, string $group): array
    {
        return $this->call('GET', '/api/sessions/{id}/groups/{group}/invite', path: ['id' => $id, 'group' => $group]);
    }

    /** The group behind a link. `GET /api/sessions/{id}/group-invites/{code}` */
    public function inviteInfo(string $id, string $code): array
    {
        return $this->call('GET', '/api/sessions/{id}/group-invites/{code}', path: ['id' => $id, 'code' => $code]);
    }

    /** Join a group by its link. `POST /api/sessions/{id}/group-invites/{code}/join` */
    public function join(string $id, string $code): array
    {
        return $this->call('POST', '/api/sessions/{id}/group-invites/{code}/join', path: ['id' => $id, 'code' => $code]);
    }

    /** Who asks to join a group. `GET /api/sessions/{id}/groups/{group}/join-requests` */
    public function joinRequests(string $id, string $group): array
    {
        return $this->call('GET', '/api/sessions/{id}/groups/{group}/join-requests', path: ['id' => $id, 'group' => $group]);
    }

    /** Leave a group. `POST /api/sessions/{id}/groups/{group}/leave` */
    public function leave(string $id, string $group): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups/{group}/leave', path: ['id' => $id, 'group' => $group]);
    }

    /** Groups of the account, by name. `GET /api/sessions/{id}/groups` */
    public function list(string $id, ?int $page = null, ?int $limit = null, ?string $search = null, ?string $community = null, ?bool $all = null, ?int $maxAgeSeconds = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/groups', path: ['id' => $id], query: ['page' => $page, 'limit' => $limit, 'search' => $search, 'community' => $community, 'all' => $all, 'maxAgeSeconds' => $maxAgeSeconds]);
    }

    /** The items of all pages of `list`, one after the other. @return \Generator<int, array> */
    public function eachList(string $id, ?int $limit = null, ?string $search = null, ?string $community = null, ?bool $all = null, ?int $maxAgeSeconds = null): \Generator
    {
        return $this->pages('groups', 'page', 'GET', '/api/sessions/{id}/groups', path: ['id' => $id], query: ['limit' => $limit, 'search' => $search, 'community' => $community, 'all' => $all, 'maxAgeSeconds' => $maxAgeSeconds]);
    }

    /** The picture of a group. `GET /api/sessions/{id}/groups/{group}/picture` */
    public function picture(string $id, string $group): array
    {
        return $this->call('GET', '/api/sessions/{id}/groups/{group}/picture', path: ['id' => $id, 'group' => $group]);
    }

    /** Make members admins. `POST /api/sessions/{id}/groups/{group}/participants/promote` */
    public function promoteParticipants(string $id, string $group, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups/{group}/participants/promote', path: ['id' => $id, 'group' => $group], body: $body);
    }

    /** Refuse people who have asked to join. `POST /api/sessions/{id}/groups/{group}/join-requests/reject` */
    public function rejectJoinRequests(string $id, string $group, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups/{group}/join-requests/reject', path: ['id' => $id, 'group' => $group], body: $body);
    }

    /** Remove people from a group. `POST /api/sessions/{id}/groups/{group}/participants/remove` */
    public function removeParticipants(string $id, string $group, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups/{group}/participants/remove', path: ['id' => $id, 'group' => $group], body: $body);
    }

    /** Remove the picture of a group. `DELETE /api/sessions/{id}/groups/{group}/picture` */
    public function removePicture(string $id, string $group): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/groups/{group}/picture', path: ['id' => $id, 'group' => $group]);
    }

    /** Take back personal invitations into a group. `POST /api/sessions/{id}/groups/{group}/invitations/revoke` */
    public function revokeInvitations(string $id, string $group, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups/{group}/invitations/revoke', path: ['id' => $id, 'group' => $group], body: $body);
    }

    /** Replace the link that invites into a group. `POST /api/sessions/{id}/groups/{group}/invite/revoke` */
    public function revokeInvite(string $id, string $group): array
    {
        return $this->call('POST', '/api/sessions/{id}/groups/{group}/invite/revoke', path: ['id' => $id, 'group' => $group]);
    }

    /** Change the picture of a group. `PUT /api/sessions/{id}/groups/{group}/picture` */
    public function setPicture(string $id, string $group, array $body): array
    {
        return $this->call('PUT', '/api/sessions/{id}/groups/{group}/picture', path: ['id' => $id, 'group' => $group], body: $body);
    }

    /** Change subject, description, settings or timer of a group. `PATCH /api/sessions/{id}/groups/{group}` */
    public function update(string $id, string $group, array $body): array
    {
        return $this->call('PATCH', '/api/sessions/{id}/groups/{group}', path: ['id' => $id, 'group' => $group], body: $body);
    }
}
