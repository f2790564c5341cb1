<?php

return [
    // Where the gateway is, also below a path.
    'url' => env('WA_GATE_URL', 'http://localhost:8000'),
    // A key of a session, or of the workspace.
    'key' => env('WA_GATE_KEY'),
    // Of the webhook: one, or with a comma between them the new one and the old one.
    'webhook_secret' => env('WA_GATE_WEBHOOK_SECRET', ''),
];
