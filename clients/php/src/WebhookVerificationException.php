<?php

declare(strict_types=1);

namespace WaGate;

/** A delivery that is not to be trusted. Answer it with 400 or 401. */
final class WebhookVerificationException extends \RuntimeException
{
}
