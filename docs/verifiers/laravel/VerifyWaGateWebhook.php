<?php

declare(strict_types=1);

namespace App\Http\Middleware;

use App\Support\WaGateSignature;
use Closure;
use Symfony\Component\HttpFoundation\JsonResponse;
use Symfony\Component\HttpFoundation\Request;
use Symfony\Component\HttpFoundation\Response;

/**
 * Lets webhooks of wa-gate pass, and answers 401 to everything else. Laravel's own Request is one of Symfony's.
 *
 * config/services.php:
 *   'wa_gate' => ['webhook_secrets' => array_filter(explode(',', env('WA_GATE_WEBHOOK_SECRETS', '')))],
 * routes/api.php, which has no CSRF check:
 *   Route::post('/whatsapp', WhatsAppWebhookController::class)->middleware(VerifyWaGateWebhook::class);
 */
final class VerifyWaGateWebhook
{
    public function handle(Request $request, Closure $next): Response
    {
        $signature = new WaGateSignature((array) config('services.wa_gate.webhook_secrets'));
        $problem = $signature->problem(
            $request->headers->get('webhook-id'),
            $request->headers->get('webhook-timestamp'),
            $request->headers->get('webhook-signature'),
            $request->getContent(),
        );
        if ($problem !== null) {
            return new JsonResponse(['error' => $problem], 401);
        }

        return $next($request);
    }
}
