import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { freePort } from '@wa-gate/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { debianCopy, npmCopy } from '../deploy/private-copy.ts';
import { addPhone, pairSession, readQr, registerTenant, type Tenant, waitForStatus } from '../harness/pair-session.ts';
import { repositoryFile } from '../harness/repository.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';
import { ExampleProgram, examplesOf } from './example-program.ts';
import { LaravelApplication } from './laravel-application.ts';
import { addNodeTypes, type InstalledSdk, installPackedSdk } from './packed-sdk.ts';

const run = promisify(execFile);
const system = useSystem({ workers: 1 });
/** The recipient of the examples. */
const FRIEND = '6281234567890';
/** A picture of one point. */
const PICTURE = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const SECRET = 'whsec_dGhpcnR5LXR3byBieXRlcyBvZiBhIHNlY3JldCE=';

let tenant: Tenant;
let friend: Phone;
let shopNumber: string;
let key: string;
let sdk: InstalledSdk;

beforeAll(async () => {
  sdk = await installPackedSdk();
  await writeFile(join(sdk.folder, 'photo.png'), Buffer.from(PICTURE, 'base64'));
  tenant = await registerTenant(system());
  key = tenant.apiKey;
  friend = await system().sandbox.createPhone({ number: FRIEND, name: 'Friend' });
  const { phone } = await pairSession(system(), tenant, { sessionId: 'shop' });
  shopNumber = phone.number;
});
afterAll(() => sdk.remove());

const environment = (): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  WA_GATE_URL: system().gateways[0]!.url,
  WA_GATE_KEY: key,
});
const shownBy = async (phone: Phone, matches: (text: string | null, type: string) => boolean): Promise<unknown> =>
  waitFor(async () => (await system().sandbox.inbox(phone.number)).find(({ text, type }) => matches(text, type)));
const shows = (text: string): Promise<unknown> => shownBy(friend, (one) => one === text);

/** What happens beside each example of the README, in their order, and what it must print. */
const BESIDE: Record<string, (program: ExampleProgram) => Promise<void>> = {
  "shop.sendText('+6281234567890', 'Your order": async (program) => {
    expect(await program.ends()).toMatch(/^(delivered|read)\n$/);
    await shows('Your order is on its way');
  },
  sendImage: async (program) => {
    expect(await program.ends()).toBe('sent\n');
    await shownBy(friend, (_, type) => type === 'poll');
    await shows('The new one');
  },
  'sessions.create': async (program) => {
    await program.prints(/QR code: \S+/);
    const phone = await addPhone(system(), 'Front desk');
    await system().sandbox.scan(phone.number, await readQr(system(), tenant.api, 'front-desk'));
    expect(await program.ends()).toMatch(new RegExp(`connected\\nconnected \\+${phone.number}\\n$`));
    await tenant.api.data('/api/sessions/front-desk', { method: 'DELETE' });
  },
  'list.all': async (program) => {
    expect((await program.ends()).split('\n')).toEqual(
      expect.arrayContaining([expect.stringMatching(/^shop text /), expect.stringMatching(/^shop image /)]),
    );
  },
  'wa.stream(': async (program) => {
    await program.prints(/^open$/m);
    await system().sandbox.sendText(friend.number, shopNumber, 'Is it there?');
    expect(await program.ends()).toMatch(/\nshop Is it there\? \S+\n$/);
  },
  verifyWebhook: async (program) => {
    await program.prints(/listening/);
    await system().sandbox.sendText(friend.number, shopNumber, 'To the webhook');
    await program.prints(/message\.received To the webhook/);
    await program.stop();
  },
  'no-such-session': async (program) => {
    expect(await program.ends()).toMatch(/^SESSION_NOT_FOUND 404 false There is no such session .* req_\S+\n$/);
  },
};

const examples = examplesOf(readFileSync(repositoryFile('packages/sdk/README.md'), 'utf8'), 'js');
const NODES: [string, () => Promise<string>][] = [
  ['of this machine', async () => process.execPath],
  [
    '24',
    async () => {
      const name = `node-linux-${process.arch}`;
      return join(await npmCopy(name, '24.21.0'), name, 'bin', 'node');
    },
  ],
];

describe('the SDK as its package, in an empty folder (MR-055)', () => {
  test('has what is needed and nothing else, and depends on nothing', () => {
    expect(sdk.files).toEqual(
      expect.arrayContaining(['package.json', 'README.md', 'LICENSE', 'dist/index.js', 'dist/index.d.ts']),
    );
    expect(sdk.files.filter((path) => !/^(package\.json|README\.md|LICENSE|dist\/.+\.(js|d\.ts))$/.test(path))).toEqual(
      [],
    );
    expect(sdk.files.filter((path) => /test/.test(path))).toEqual([]);
    const { dependencies, license } = JSON.parse(
      readFileSync(join(sdk.folder, 'node_modules/@wa-gate/sdk/package.json'), 'utf8'),
    );
    expect({ dependencies, license }).toEqual({ dependencies: undefined, license: 'Apache-2.0' });
  });

  test('has types that check their callers, with those of Node and with those of browsers', async () => {
    const program = readFileSync(repositoryFile('apps/e2e/sdk/fixtures/program.ts'), 'utf8');
    await sdk.compile(program, ['--lib', 'es2023,dom', '--types', '']);
    await addNodeTypes(sdk);
    await sdk.compile(program, ['--lib', 'es2023', '--types', 'node']);
  });

  test('every example of the README has its counterpart here', () => {
    expect(examples).toHaveLength(Object.keys(BESIDE).length);
    for (const part of Object.keys(BESIDE)) expect(examples.filter((one) => one.includes(part))).toHaveLength(1);
  });

  test.each(NODES)('every example of the README does what it says, on Node %s', async (_, findNode) => {
    const node = await findNode();
    for (const [part, beside] of Object.entries(BESIDE)) {
      await writeFile(join(sdk.folder, 'example.js'), examples.find((one) => one.includes(part))!);
      const port = await freePort();
      if (part === 'verifyWebhook') {
        const webhook = { url: `http://127.0.0.1:${port}/`, secret: SECRET, events: ['message.received'] };
        await tenant.api.data('/api/sessions/shop/webhook', { method: 'PUT', json: webhook });
      }
      const more = { PORT: String(port), WEBHOOK_SECRETS: `whsec_bmV3,${SECRET}` };
      const program = new ExampleProgram(node, ['example.js'], { cwd: sdk.folder, env: { ...environment(), ...more } });
      try {
        await beside(program);
      } finally {
        await program.stop();
      }
    }
    await tenant.api.data('/api/sessions/shop/webhook', { method: 'DELETE' });
  });

  test('resumes its stream over a restart of the gateway, and a send over a lost answer makes one message', async () => {
    const program = readFileSync(repositoryFile('apps/e2e/sdk/fixtures/restart.js'), 'utf8');
    await writeFile(join(sdk.folder, 'restart.js'), program);
    const running = new ExampleProgram(process.execPath, ['restart.js'], { cwd: sdk.folder, env: environment() });
    try {
      await running.prints(/^open$/m);
      await system().sandbox.sendText(friend.number, shopNumber, 'before');
      await running.prints(/^event before$/m);
      await system().restart('gateway-1');
      await system().sandbox.sendText(friend.number, shopNumber, 'after');
      expect((await running.ends()).match(/^event .*$/gm)).toEqual(['event before', 'event after']);
    } finally {
      await running.stop();
    }
    const texts = (await system().sandbox.inbox(friend.number)).filter(
      ({ text }) => text === 'sent over a lost answer',
    );
    expect(texts).toHaveLength(1);
  });
});

interface Interpreter {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
}

const isThere = (command: string): Promise<boolean> =>
  run(command, ['--version']).then(
    () => true,
    () => false,
  );

/** Python, of this machine or a private copy of Debian's package. */
async function findPython(): Promise<Interpreter> {
  if (await isThere('python3')) return { command: 'python3', args: [], env: {} };
  const { home, libraries } = await debianCopy('e2e-python', ['python3-minimal', 'libpython3-stdlib']);
  return {
    command: join(home, 'usr/bin/python3'),
    args: [],
    env: { LD_LIBRARY_PATH: libraries, PYTHONHOME: join(home, 'usr') },
  };
}

/** A private copy of Debian's PHP, so that it is certain what it has: ext-curl, or nothing but the core. */
async function findPhp(hasCurl: boolean): Promise<Interpreter> {
  const { home, libraries } = await debianCopy('e2e-php-curl', ['php8.2-cli', 'php8.2-curl']);
  const extensions = join(home, 'usr/lib/php/20220829');
  if (!existsSync(join(extensions, 'curl.so'))) throw new Error("Debian's php8.2-curl has no curl.so");
  const loading = ['-d', `extension_dir=${extensions}`, '-d', 'extension=curl'];
  return {
    command: join(home, 'usr/bin/php8.2'),
    args: ['-n', ...(hasCurl ? loading : [])],
    env: { LD_LIBRARY_PATH: libraries },
  };
}

describe('the clients of other languages, against a real system (MR-055)', () => {
  const LANGUAGES: [string, string, () => Promise<Interpreter>][] = [
    ['Python', 'try.py', findPython],
    ['PHP with ext-curl', 'try.php', () => findPhp(true)],
    ['PHP with streams alone', 'try.php', () => findPhp(false)],
  ];
  test.each(LANGUAGES)(
    '%s: sends, waits, lists, uploads, reads events, verifies webhooks',
    async (name, file, find) => {
      const { command, args, env } = await find();
      const fixture = fileURLToPath(repositoryFile(`apps/e2e/sdk/fixtures/${file}`));
      const more = {
        WA_GATE_CLIENTS: fileURLToPath(repositoryFile('clients/')),
        WA_GATE_PHOTO: join(sdk.folder, 'photo.png'),
        CALLER: name,
        PYTHONDONTWRITEBYTECODE: '1',
      };
      const options = { cwd: sdk.folder, env: { ...environment(), ...env, ...more } };
      const program = new ExampleProgram(command, [...args, fixture], options);
      try {
        await program.prints(/^waiting for a message$/m);
        await system().sandbox.sendText(friend.number, shopNumber, `Hello ${name}`);
        expect(await program.ends()).toMatch(new RegExp(`^received Hello ${name}$`, 'm'));
      } finally {
        await program.stop();
      }
      await shows(`From ${name}`);
      expect(program.output).toMatch(/^all is well$/m);
      if (name.includes('curl')) expect(program.output).toMatch(/^with curl$/m);
    },
  );

  test('Laravel finds the package and its settings, sends, and takes nothing but verified events, as its README says', async () => {
    const readme = readFileSync(repositoryFile('clients/php/README.md'), 'utf8');
    const [routes = ''] = examplesOf(readme, 'php').filter((one) => one.includes('VerifyWaGateWebhook'));
    const folder = join(sdk.folder, 'laravel');
    const settings = { ...environment(), WA_GATE_WEBHOOK_SECRET: SECRET };
    const shop = await LaravelApplication.make(folder, routes, settings);
    await shop.artisan('vendor:publish', '--tag=wa-gate');
    expect(readFileSync(join(folder, 'config/wa-gate.php'), 'utf8')).toBe(
      readFileSync(repositoryFile('clients/php/config/wa-gate.php'), 'utf8'),
    );

    const port = await freePort();
    const post = (path: string, json: object) =>
      fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: { accept: 'application/json', 'content-type': 'application/json' },
        body: JSON.stringify(json),
      });
    const running = shop.serve(port);
    try {
      await running.prints(/started/);
      const notify = async () => {
        const answer = await post('/orders/7/notify', { phone: `+${FRIEND}` });
        return (await answer.json()) as { messageId: string };
      };
      const { messageId } = await notify();
      expect(messageId).toMatch(/^[\da-f-]{36}$/);
      await shows('Order 7 is on its way');
      expect(await notify()).toMatchObject({ messageId });

      expect((await post('/whatsapp', { event: 'message.received', data: { text: 'Forged' } })).status).toBe(401);
      const webhook = { url: `http://127.0.0.1:${port}/whatsapp`, secret: SECRET, events: ['message.received'] };
      await tenant.api.data('/api/sessions/shop/webhook', { method: 'PUT', json: webhook });
      await system().sandbox.sendText(friend.number, shopNumber, 'To Laravel');
      await running.prints(/^job message\.received To Laravel$/m);
      expect(running.output).not.toContain('Forged');
      await tenant.api.data('/api/sessions/shop/webhook', { method: 'DELETE' });
    } finally {
      await running.stop();
    }
  });
});

test('the session is linked all the time', async () => {
  await waitForStatus(tenant.api, 'shop', 'connected');
});

expectSoundSystem(system);
