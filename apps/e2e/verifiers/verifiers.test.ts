import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomBytes } from 'node:crypto';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { debianCopy } from '../deploy/private-copy.ts';
import { guardOrphan } from '../harness/orphan-guard.ts';
import { repositoryFile } from '../harness/repository.ts';
import { waitFor } from '../harness/wait-for.ts';
import { signatureProblem } from '../harness/webhook-signature.ts';

/**
 * The verifiers that docs/verifiers offers, as their readers run them: the TypeScript one in this process, the
 * middleware of Laravel in Debian's PHP, over HTTP.
 */
interface Delivery {
  headers: Record<string, string>;
  body: Buffer;
}
/** `true`: it is from the gateway. */
type Verify = (delivery: Delivery, secrets: readonly string[]) => Promise<boolean>;

const newSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;
const [SECRET, NEXT, FOREIGN] = [newSecret(), newSecret(), newSecret()];
const PLAIN = 'a-plain-secret-of-the-customer';

/** As the gateway signs, with each of the secrets. */
function delivery(secrets: readonly string[], { ageS = 0, text = 'Grüße 👋 {"a": "\\/"}' } = {}): Delivery {
  const id = 'evt_01a1fe6652927c4790cc6c495de83c43_19';
  const body = Buffer.from(JSON.stringify({ id, event: 'message.received', seq: 19, data: { text } }));
  const sentAt = String(Math.floor(Date.now() / 1_000) - ageS);
  const signatures = secrets.map((secret) => {
    const key = secret.startsWith('whsec_') ? Buffer.from(secret.slice(6), 'base64') : secret;
    return `v1,${createHmac('sha256', key).update(`${id}.${sentAt}.`).update(body).digest('base64')}`;
  });
  const headers = { 'webhook-id': id, 'webhook-timestamp': sentAt, 'webhook-signature': signatures.join(' ') };
  return { headers, body };
}

const changed = ({ headers, body }: Delivery, name: string, value: string): Delivery => ({
  headers: { ...headers, [name]: value },
  body,
});

/** What each verifier is shown, and whether it is from the gateway. */
const CASES: [what: string, make: () => Delivery, secrets: readonly string[], isGood: boolean][] = [
  ['a good delivery', () => delivery([SECRET]), [SECRET], true],
  ['a secret that is no whsec_', () => delivery([PLAIN]), [PLAIN], true],
  ['signatures of the old and the new secret, with the old one', () => delivery([SECRET, NEXT]), [SECRET], true],
  ['signatures of the old and the new secret, with the new one', () => delivery([SECRET, NEXT]), [NEXT], true],
  ['a receiver that knows the next secret already', () => delivery([SECRET]), [NEXT, SECRET], true],
  [
    'a signature of another version beside ours',
    () => {
      const good = delivery([SECRET]);
      return changed(good, 'webhook-signature', `v1a,AAAA ${good.headers['webhook-signature']}`);
    },
    [SECRET],
    true,
  ],
  ['a delivery of four minutes ago', () => delivery([SECRET], { ageS: 240 }), [SECRET], true],
  ['a delivery of six minutes ago', () => delivery([SECRET], { ageS: 360 }), [SECRET], false],
  ['a delivery of the future', () => delivery([SECRET], { ageS: -360 }), [SECRET], false],
  ['another secret', () => delivery([FOREIGN]), [SECRET, NEXT], false],
  [
    'a changed body',
    () => ({ ...delivery([SECRET]), body: delivery([SECRET], { text: 'Pay me' }).body }),
    [SECRET],
    false,
  ],
  [
    'a body that was parsed and written again',
    () => {
      const good = delivery([SECRET]);
      return { ...good, body: Buffer.from(JSON.stringify(JSON.parse(good.body.toString()), null, 2)) };
    },
    [SECRET],
    false,
  ],
  ['another id', () => changed(delivery([SECRET]), 'webhook-id', 'evt_1'), [SECRET], false],
  [
    'a refreshed timestamp',
    () => changed(delivery([SECRET], { ageS: 600 }), 'webhook-timestamp', String(Math.floor(Date.now() / 1_000))),
    [SECRET],
    false,
  ],
  ['a timestamp that is no number', () => changed(delivery([SECRET]), 'webhook-timestamp', 'now'), [SECRET], false],
  ['an empty signature', () => changed(delivery([SECRET]), 'webhook-signature', 'v1,'), [SECRET], false],
  [
    'no signature',
    () => {
      const { headers, body } = delivery([SECRET]);
      const { 'webhook-signature': _gone, ...others } = headers;
      return { headers: others, body };
    },
    [SECRET],
    false,
  ],
  ['no secrets configured', () => delivery([SECRET]), [], false],
];

describe('the TypeScript verifier of docs/verifiers', () => {
  const verify: Verify = async ({ headers, body }, secrets) => {
    const module = (await import(repositoryFile('docs/verifiers/typescript/verify-webhook.ts').href)) as {
      verifyWebhook: (headers: object, body: Buffer, secrets: readonly string[]) => { seq: number };
      WebhookRefused: new () => Error;
    };
    try {
      return module.verifyWebhook(headers, body, secrets).seq === 19;
    } catch (error) {
      expect(error).toBeInstanceOf(module.WebhookRefused);
      return false;
    }
  };
  test.each(CASES)('%s (MR-069)', async (_what, make, secrets, isGood) => {
    expect(await verify(make(), secrets)).toBe(isGood);
  });

  test('agrees with the check that all scenarios use', () => {
    const { headers, body } = delivery([SECRET]);
    expect(signatureProblem(SECRET, headers, body)).toBeNull();
  });
});

/** Laravel's `config()`, and a route that has the middleware. */
const ROUTER = `<?php
require 'Symfony/Component/HttpFoundation/autoload.php';
require __DIR__ . '/WaGateSignature.php';
require __DIR__ . '/VerifyWaGateWebhook.php';
use Symfony\\Component\\HttpFoundation\\Request;
use Symfony\\Component\\HttpFoundation\\Response;
function config(string $key): mixed {
    return $key === 'services.wa_gate.webhook_secrets' ? json_decode($_SERVER['HTTP_X_TEST_SECRETS'], true) : null;
}
$request = Request::createFromGlobals();
if ($request->getPathInfo() === '/ready') { echo 'ready'; return; }
$middleware = new App\\Http\\Middleware\\VerifyWaGateWebhook();
$middleware->handle($request, fn (Request $r): Response => new Response((string) json_decode($r->getContent())->seq))->send();
`;

describe('the Laravel middleware of docs/verifiers, in PHP', () => {
  let folder: string;
  let php: ChildProcess;
  let url: string;
  let output = '';
  beforeAll(async () => {
    const { home, libraries } = await debianCopy('php', ['php-cli', 'php-symfony-http-foundation']);
    folder = await mkdtemp(join(tmpdir(), 'wa-gate-php-'));
    await mkdir(folder, { recursive: true });
    for (const name of ['WaGateSignature.php', 'VerifyWaGateWebhook.php']) {
      await copyFile(repositoryFile(`docs/verifiers/laravel/${name}`), join(folder, name));
    }
    await writeFile(join(folder, 'router.php'), ROUTER);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const flags = ['-d', `include_path=${join(home, 'usr/share/php')}`, '-S', `127.0.0.1:${port}`];
    php = spawn(join(home, 'usr/bin/php8.2'), ['-n', ...flags, join(folder, 'router.php')], {
      cwd: folder,
      env: { LD_LIBRARY_PATH: libraries },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    guardOrphan(php);
    for (const stream of [php.stdout, php.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk));
    await waitFor(
      async () => {
        if (php.exitCode !== null) throw new Error(output);
        return (await (await fetch(`${url}/ready`)).text()) === 'ready';
      },
      { what: 'PHP to answer' },
    );
  });
  afterAll(async () => {
    php?.kill('SIGKILL');
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  test.each(CASES)('%s (MR-069)', async (_what, make, secrets, isGood) => {
    const { headers, body } = make();
    const answer = await fetch(url, {
      method: 'POST',
      headers: { ...headers, 'x-test-secrets': JSON.stringify(secrets), 'content-type': 'application/json' },
      body: new Uint8Array(body),
    });
    const text = await answer.text();
    if (isGood) expect([answer.status, text], output).toEqual([200, '19']);
    else expect([answer.status, JSON.parse(text)], output).toEqual([401, { error: expect.any(String) }]);
  });
});
