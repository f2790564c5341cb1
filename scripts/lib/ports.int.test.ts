import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { releasePorts } from './port-reservations.mjs';
import { chooseGatewayPort, findFreePort, isPortFree, keepPorts } from './ports.mjs';
import { useTempDirs } from './temp-dir.testing.ts';

const tempDir = useTempDirs();
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
  releasePorts();
});

async function hold(port: number, host: string): Promise<void> {
  const server = createServer().listen(port, host);
  servers.push(server);
  await once(server, 'listening');
}

test.each(['127.0.0.1', '0.0.0.0'])('a port that is held on %s is not free on loopback', async (host) => {
  const port = await findFreePort();
  expect(await isPortFree(port)).toBe(true);
  await hold(port, host);
  expect(await isPortFree(port)).toBe(false);
});

describe('ports of our own processes', () => {
  test('stay the same as long as they are free, each its own', async () => {
    const file = join(tempDir(), 'ports.json');
    const first = await keepPorts(file, ['sandbox', 'worker-1']);
    expect(new Set(Object.values(first)).size).toBe(2);
    expect(await keepPorts(file, ['sandbox', 'worker-1'])).toEqual(first);

    await hold(first.sandbox ?? 0, '0.0.0.0');
    const moved = await keepPorts(file, ['sandbox', 'worker-1']);
    expect(moved.sandbox).not.toBe(first.sandbox);
    expect(moved['worker-1']).toBe(first['worker-1']);
  });

  test('of a service that does not run this time are remembered', async () => {
    const file = join(tempDir(), 'ports.json');
    const { 'live-1': live } = await keepPorts(file, ['live-1']);
    await keepPorts(file, ['sandbox']);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ 'live-1': live });
  });

  test.each(['', '{"sandbox": "8000"}', '[]'])('are chosen anew when the file is damaged: %j', async (content) => {
    const file = join(tempDir(), 'ports.json');
    writeFileSync(file, content);
    const { sandbox = 0 } = await keepPorts(file, ['sandbox']);
    expect(await isPortFree(sandbox)).toBe(true);
  });
});

describe('the port of the gateway', () => {
  const choose = (asked: string) =>
    chooseGatewayPort({ asked, host: '127.0.0.1', say: (text) => expect.fail(`said: ${text}`) });

  test('is the one that was asked for', async () => {
    const port = await findFreePort();
    expect(await choose(String(port))).toBe(port);
  });

  test('is refused when somebody holds it', async () => {
    const port = await findFreePort();
    await hold(port, '127.0.0.1');
    await expect(choose(String(port))).rejects.toThrow(`Port ${port} (PORT) is taken`);
  });

  test.each([undefined, '8000'])(
    'is not what is blamed for an address that this machine does not have (PORT %s)',
    async (asked) => {
      const choice = chooseGatewayPort({ asked, host: '192.0.2.1', say: (text) => expect.fail(`said: ${text}`) });
      await expect(choice).rejects.toThrow('This machine has no address 192.0.2.1 (HOST).');
    },
  );

  test('is another one for each of two launchers, also before their gateways listen', async () => {
    const choose = () => chooseGatewayPort({ asked: undefined, host: '127.0.0.1', say: () => undefined });
    const first = await choose();
    const second = await choose();
    expect(second).not.toBe(first);
    // The first one has stopped.
    releasePorts();
    expect(await choose()).toBeLessThan(Math.max(first, second));
  });

  test.each(['abc', '0', '65536', '80.5', '-1'])('is refused when it is no port: %s', async (asked) => {
    await expect(choose(asked)).rejects.toThrow('not a port number');
  });
});
