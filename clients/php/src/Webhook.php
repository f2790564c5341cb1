<?php

declare(strict_types=1);

namespace WaGate;

/** Verification of webhooks after Standard Webhooks (https://www.standardwebhooks.com). */
final class Webhook
{
    /**
     * Verifies a delivery and gives its event.
     *
     * @param string $body as it came, not parsed: parsed and written again it may be another one
     * @param array<string, string|list<string>> $headers as `getallheaders()` or a framework has them
     * @param string|list<string> $secret of the webhook; while it is being changed, the new one and the old one
     * @param int|null $now seconds since 1970, for tests
     * @return array<string, mixed>
     * @throws WebhookVerificationException when it does not come from the gateway, or was recorded earlier
     */
    public static function verify(
        string $body,
        array $headers,
        string|array $secret,
        int $toleranceSeconds = 300,
        ?int $now = null,
    ): array {
        $id = self::header($headers, 'webhook-id');
        $sentAt = self::header($headers, 'webhook-timestamp');
        $signatures = explode(' ', self::header($headers, 'webhook-signature'));
        if (preg_match('/^\d{1,15}$/', $sentAt) !== 1 || abs(($now ?? time()) - (int) $sentAt) > $toleranceSeconds) {
            throw new WebhookVerificationException(
                "The delivery is of $sentAt, more than $toleranceSeconds s away from this clock: recorded, or a clock is wrong."
            );
        }
        foreach ((array) $secret as $one) {
            $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$sentAt.$body", self::keyOf($one), true));
            foreach ($signatures as $given) {
                if (hash_equals($expected, $given)) {
                    return json_decode($body, true, 512, JSON_THROW_ON_ERROR);
                }
            }
        }
        throw new WebhookVerificationException(
            'No signature fits: another secret, a body that was changed on its way (give it as it came), or not from the gateway.'
        );
    }

    /** @param array<string, string|list<string>> $headers */
    private static function header(array $headers, string $name): string
    {
        foreach ($headers as $key => $value) {
            if (strtolower((string) $key) === $name) {
                $text = is_array($value) ? ($value[0] ?? '') : $value;
                if ($text !== '') {
                    return $text;
                }
            }
        }
        throw new WebhookVerificationException("The delivery has no header $name.");
    }

    /** The key behind a secret: the bytes after `whsec_`; another secret as it is. */
    private static function keyOf(string $secret): string
    {
        $key = str_starts_with($secret, 'whsec_') ? base64_decode(substr($secret, 6), true) : $secret;
        if ($key === false || $key === '') {
            throw new \InvalidArgumentException('The secret of the webhook is empty, or not what was shown.');
        }
        return $key;
    }
}
