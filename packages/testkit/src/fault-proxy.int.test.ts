import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createFaultProxy, type FaultProxy } from './fault-proxy.ts';
import { freePort } from './ports.ts';
import { waitFor } from './wait-for.ts';

let echo: Server;
let proxy: FaultProxy;
const clients: Socket[] = [];
const reachedTarget: string[] = [];

beforeEach(async () => {
  reachedTarget.length = 0;
  echo = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      reachedTarget.push(chunk.toString());
      socket.write(chunk);
    });
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  const target = `redis://:word@127.0.0.1:${(echo.address() as AddressInfo).port}/3`;
  // A port that stays free while the proxy is shut.
  proxy = await createFaultProxy(target, { port: await freePort() });
});

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  await proxy.close();
  echo.close();
  await once(echo, 'close');
});

function open(port = Number(new URL(proxy.url).port)): { socket: Socket; received: () => string } {
  const socket = connect(port, '127.0.0.1');
  clients.push(socket);
  let received = '';
  socket.on('error', () => undefined);
  socket.on('data', (chunk) => {
    received += chunk.toString();
  });
  return { socket, received: () => received };
}

test('keeps everything of the target URL but the address', () => {
  const { protocol, password, pathname } = new URL(proxy.url);
  expect({ protocol, password, pathname }).toEqual({ protocol: 'redis:', password: 'word', pathname: '/3' });
});

test('forwards both ways', async () => {
  const client = open();
  client.socket.write('hello');
  await waitFor(() => client.received() === 'hello');
});

test('refuse resets open connections and new ones', async () => {
  const before = open();
  before.socket.write('x');
  await waitFor(() => before.received() === 'x');
  proxy.set('refuse');
  await waitFor(() => before.socket.destroyed);
  const after = open();
  await waitFor(() => after.socket.destroyed);
  expect(reachedTarget).toEqual(['x']);
});

test('stall swallows bytes, and going back to forward resets what was stalled', async () => {
  const client = open();
  client.socket.write('1');
  await waitFor(() => client.received() === '1');
  proxy.set('stall');
  client.socket.write('2');
  const late = open();
  late.socket.write('3');
  // A round trip without the proxy: meanwhile the proxy would have forwarded.
  const direct = open((echo.address() as AddressInfo).port);
  direct.socket.write('past');
  await waitFor(() => direct.received() === 'past');
  proxy.set('forward');
  await waitFor(() => client.socket.destroyed && late.socket.destroyed);
  const fresh = open();
  fresh.socket.write('4');
  await waitFor(() => fresh.received() === '4');
  expect(reachedTarget).toEqual(['1', 'past', '4']);
});

test('shut refuses connections as a dead process does, and open brings the port back', async () => {
  const before = open();
  before.socket.write('x');
  await waitFor(() => before.received() === 'x');
  proxy.shut();
  const refused = open();
  const [error] = (await once(refused.socket, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
  await waitFor(() => before.socket.destroyed);
  await proxy.open();
  const fresh = open();
  fresh.socket.write('y');
  await waitFor(() => fresh.received() === 'y');
});

test('passes on what was said before an end', async () => {
  const goodbye = createServer((socket) => socket.end('x'.repeat(1_000_000)));
  goodbye.listen(0, '127.0.0.1');
  await once(goodbye, 'listening');
  const line = await createFaultProxy(`tcp://127.0.0.1:${(goodbye.address() as AddressInfo).port}`);
  const client = open(Number(new URL(line.url).port));
  await once(client.socket, 'close');
  expect(client.received()).toHaveLength(1_000_000);
  await line.close();
  goodbye.close();
});
