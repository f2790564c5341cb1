import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * `forward`: as if the proxy were not there. `refuse`: the target is gone, connections are reset at once. `stall`: the target is
 * out of reach, bytes vanish and nobody says so.
 */
export type FaultMode = 'forward' | 'refuse' | 'stall';

export interface FaultProxy {
  /** Same URL as the target's, through the proxy. */
  url: string;
  /** Changes what happens to open and to new connections. Going back to `forward` resets those that were stalled. */
  set(mode: FaultMode): void;
  close(): Promise<void>;
}

/** A TCP proxy on loopback in front of a real service, to take that service away from one system without touching anybody else's. */
export async function createFaultProxy(targetUrl: string): Promise<FaultProxy> {
  const target = new URL(targetUrl);
  const sockets = new Set<Socket>();
  let mode: FaultMode = 'forward';

  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined); // resets are what this is for
  };
  const pass = (from: Socket, to: Socket) => {
    from.on('data', (chunk) => {
      if (mode !== 'forward') return;
      if (!to.write(chunk)) from.pause();
    });
    to.on('drain', () => from.resume());
    from.once('close', () => to.destroy());
  };

  const server = createServer((incoming) => {
    track(incoming);
    if (mode === 'refuse') {
      incoming.resetAndDestroy();
      return;
    }
    if (mode === 'stall') {
      incoming.resume();
      return;
    }
    const outgoing = connect(Number(target.port), target.hostname);
    track(outgoing);
    pass(incoming, outgoing);
    pass(outgoing, incoming);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as AddressInfo).port);
  return {
    url: url.href,
    set(next) {
      if (next === 'refuse' || mode === 'stall') reset();
      mode = next;
    },
    async close() {
      reset();
      server.close();
      await once(server, 'close');
    },
  };
}
