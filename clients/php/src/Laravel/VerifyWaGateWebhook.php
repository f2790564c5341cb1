<?php

declare(strict_types=1);

namespace WaGate\Laravel;

use Closure;
use Illuminate\Http\Request;
use Symfony\Component\HttpFoundation\Response;
use WaGate\Webhook;
use WaGate\WebhookVerificationException;

/** Middleware of the route of a webhook: lets deliveries of the gateway through, with the event in `wa_gate_event`. */
final class VerifyWaGateWebhook
{
    public function handle(Request $request, Closure $next): Response
    {
        $secrets = array_filter(explode(',', (string) config('wa-gate.webhook_secret')));
        try {
            $event = Webhook::verify($request->getContent(), $request->headers->all(), $secrets);
        } catch (WebhookVerificationException $error) {
            abort(401, $error->getMessage());
        }
        $request->attributes->set('wa_gate_event', $event);
        return $next($request);
    }
}
