<?php

declare(strict_types=1);

namespace App\Support;

/** Verifies webhooks of wa-gate by their Standard Webhooks signature. It needs no framework. */
final class WaGateSignature
{
    /** Seconds that a delivery may be old, or that two clocks may differ. */
    private const TOLERANCE_S = 300;

    /** @param string[] $secrets of the webhook; while a secret is being replaced, the old one and the new one */
    public function __construct(private readonly array $secrets)
    {
    }

    /**
     * Why the request is refused; null: it is from the gateway.
     *
     * @param string $body the bytes as they came, not decoded
     * @param int|null $now seconds since 1970
     */
    public function problem(?string $id, ?string $sentAt, ?string $given, string $body, ?int $now = null): ?string
    {
        if ($id === null || $sentAt === null || $given === null) {
            return 'A header of the signature is missing.';
        }
        if (!preg_match('/^\d{1,12}$/D', $sentAt) || abs(($now ?? time()) - (int) $sentAt) > self::TOLERANCE_S) {
            return 'The request is too old, or a clock is wrong.';
        }
        foreach ($this->secrets as $secret) {
            $digest = hash_hmac('sha256', "$id.$sentAt.$body", self::keyOf($secret), true);
            $expected = 'v1,' . base64_encode($digest);
            foreach (explode(' ', $given) as $signature) {
                if (hash_equals($expected, $signature)) {
                    return null;
                }
            }
        }

        return 'No signature matches.';
    }

    private static function keyOf(string $secret): string
    {
        return str_starts_with($secret, 'whsec_') ? (string) base64_decode(substr($secret, 6), true) : $secret;
    }
}
