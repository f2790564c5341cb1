<?php

// Made from apps/gateway/openapi.json by packages/sdk/scripts/generate-clients.mjs.

declare(strict_types=1);

namespace WaGate\Api;

use WaGate\Response;

final class Auth extends OperationSet
{
    /** Change my password. `POST /api/auth/password` */
    public function changePassword(array $body): array
    {
        return $this->call('POST', '/api/auth/password', body: $body);
    }

    /** Token against cross-site requests. `GET /api/auth/csrf` */
    public function csrfToken(): array
    {
        return $this->call('GET', '/api/auth/csrf');
    }

    /** Ask for a new password. `POST /api/auth/forgot-password` */
    public function forgotPassword(array $body): array
    {
        return $this->call('POST', '/api/auth/forgot-password', body: $body);
    }

    /** Log in. `POST /api/auth/login` */
    public function login(array $body): array
    {
        return $this->call('POST', '/api/auth/login', body: $body);
    }

    /** Log in by a link. `POST /api/auth/login-link` */
    public function loginByLink(array $body): array
    {
        return $this->call('POST', '/api/auth/login-link', body: $body);
    }

    /** Log out. `POST /api/auth/logout` */
    public function logout(): array
    {
        return $this->call('POST', '/api/auth/logout');
    }

    /** Get a new access token. `POST /api/auth/refresh` */
    public function refresh(array $body): array
    {
        return $this->call('POST', '/api/auth/refresh', body: $body);
    }

    /** Register a user. `POST /api/auth/register` */
    public function register(array $body): array
    {
        return $this->call('POST', '/api/auth/register', body: $body);
    }

    /** Send the mail again that proves my address. `POST /api/auth/verify-email/resend` */
    public function resendVerification(): array
    {
        return $this->call('POST', '/api/auth/verify-email/resend');
    }

    /** Set a new password with a token from a mail. `POST /api/auth/reset-password` */
    public function resetPassword(array $body): array
    {
        return $this->call('POST', '/api/auth/reset-password', body: $body);
    }

    /** Work in another workspace. `POST /api/auth/switch` */
    public function switchWorkspace(array $body): array
    {
        return $this->call('POST', '/api/auth/switch', body: $body);
    }

    /** Prove an address with a token from a mail. `POST /api/auth/verify-email` */
    public function verifyEmail(array $body): array
    {
        return $this->call('POST', '/api/auth/verify-email', body: $body);
    }
}
