<?php

declare(strict_types=1);

namespace WaGate\Laravel;

use Illuminate\Support\ServiceProvider;
use WaGate\WaGate;

/** Gives Laravel applications a `WaGate` with the settings of `config/wa-gate.php`. */
final class WaGateServiceProvider extends ServiceProvider
{
    private const CONFIG = __DIR__ . '/../../config/wa-gate.php';

    public function register(): void
    {
        $this->mergeConfigFrom(self::CONFIG, 'wa-gate');
        $this->app->singleton(WaGate::class, static function ($app): WaGate {
            $config = $app['config']['wa-gate'];
            return new WaGate($config['url'], apiKey: $config['key']);
        });
    }

    public function boot(): void
    {
        $this->publishes([self::CONFIG => $this->app->configPath('wa-gate.php')], 'wa-gate');
    }
}
