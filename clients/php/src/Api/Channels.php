<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Channels extends OperationSet
{
    /** Create a channel. `POST /api/sessions/{id}/channels` */
    public function create(string $id, array $body): array
    {
        return $this->call('POST', '/api/sessions/{id}/channels', path: ['id' => $id], body: $body);
    }

    /** Delete a channel of the account. `DELETE /api/sessions/{id}/channels/{channel}` */
    public function delete(string $id, string $channel): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/channels/{channel}', path: ['id' => $id, 'channel' => $channel]);
    }

    /** Delete a post of the account, for everybody. `DELETE /api/sessions/{id}/channels/{channel}/posts/{waMessageId}` */
    public function deletePost(string $id, string $channel, string $waMessageId): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/channels/{channel}/posts/{waMessageId}', path: ['id' => $id, 'channel' => $channel, 'waMessageId' => $waMessageId]);
    }

    /** Edit the text of a post of the account. `PATCH /api/sessions/{id}/channels/{channel}/posts/{waMessageId}` */
    public function editPost(string $id, string $channel, string $waMessageId, array $body): array
    {
        return $this->call('PATCH', '/api/sessions/{id}/channels/{channel}/posts/{waMessageId}', path: ['id' => $id, 'channel' => $channel, 'waMessageId' => $waMessageId], body: $body);
    }

    /** Follow a channel. `PUT /api/sessions/{id}/channels/{channel}/follow` */
    public function follow(string $id, string $channel): array
    {
        return $this->call('PUT', '/api/sessions/{id}/channels/{channel}/follow', path: ['id' => $id, 'channel' => $channel]);
    }

    /** A channel, by its id or its link. `GET /api/sessions/{id}/channels/{channel}` */
    public function get(string $id, string $channel): array
    {
        return $this->call('GET', '/api/sessions/{id}/channels/{channel}', path: ['id' => $id, 'channel' => $channel]);
    }

    /** Channels that the account owns or follows. `GET /api/sessions/{id}/channels` */
    public function list(string $id): array
    {
        return $this->call('GET', '/api/sessions/{id}/channels', path: ['id' => $id]);
    }

    /** Mute a channel, or let it be heard again. `PUT /api/sessions/{id}/channels/{channel}/mute` */
    public function mute(string $id, string $channel, array $body): array
    {
        return $this->call('PUT', '/api/sessions/{id}/channels/{channel}/mute', path: ['id' => $id, 'channel' => $channel], body: $body);
    }

    /** Posts of a channel with their views and reactions. `GET /api/sessions/{id}/channels/{channel}/posts` */
    public function posts(string $id, string $channel, ?int $limit = null, ?string $before = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/channels/{channel}/posts', path: ['id' => $id, 'channel' => $channel], query: ['limit' => $limit, 'before' => $before]);
    }

    /** React to a post of a channel, or take the reaction back. `PUT /api/sessions/{id}/channels/{channel}/posts/{serverId}/reaction` */
    public function react(string $id, string $channel, string $serverId, array $body): array
    {
        return $this->call('PUT', '/api/sessions/{id}/channels/{channel}/posts/{serverId}/reaction', path: ['id' => $id, 'channel' => $channel, 'serverId' => $serverId], body: $body);
    }

    /** Find public channels by words. `GET /api/sessions/{id}/channels/search` */
    public function search(string $id, string $text, ?int $limit = null, ?string $cursor = null): array
    {
        return $this->call('GET', '/api/sessions/{id}/channels/search', path: ['id' => $id], query: ['text' => $text, 'limit' => $limit, 'cursor' => $cursor]);
    }

    /** Follow a channel no longer. `DELETE /api/sessions/{id}/channels/{channel}/follow` */
    public function unfollow(string $id, string $channel): array
    {
        return $this->call('DELETE', '/api/sessions/{id}/channels/{channel}/follow', path: ['id' => $id, 'channel' => $channel]);
    }

    /** Change name, description or picture of a channel. `PATCH /api/sessions/{id}/channels/{channel}` */
    public function update(string $id, string $channel, array $body): array
    {
        return $this->call('PATCH', '/api/sessions/{id}/channels/{channel}', path: ['id' => $id, 'channel' => $channel], body: $body);
    }
}
