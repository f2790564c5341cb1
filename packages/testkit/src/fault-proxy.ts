import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * `forward`: as if the proxy were not there. `refuse`: the target is gone, connections are reset at once. `stall`: the
 * target is out of reach, bytes vanish and nobody says so.
 */
export type FaultMode = 'forward' | 'refuse' | 'stall';

export interface FaultProxy {
  /** Same URL as the target's, through the proxy. */
  url: string;
  /** Changes what happens to open and to new connections. Going back to `forward` resets those that were stalled. */
  set(mode: FaultMode): void;
  /**
   * As if the process behind it had ended: open connections are reset and, when this returns, nobody listens on the
   * port. The difference to `refuse` counts for whoever takes a refused connection as evidence of death: there the
   * proxy still accepts before it resets.
   */
  shut(): void;
  /** Listens again on the same port, forwarding. */
  open(): Promise<void>;
  close(): Promise<void>;
}

export interface FaultProxyOptions {
  /**
   * A port that stays free while the proxy is shut, so none of the range that outgoing connections use. @default 0, any
   */
  port?: number;
}

/**
 * A TCP proxy on loopback in front of a real service, to take that service away from one system without touching
 * anybody else's.
 */
export async function createFaultProxy(targetUrl: string, { port = 0 }: FaultProxyOptions = {}): Promise<FaultProxy> {
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
    // What was already read still has to arrive: an answer and the end of its connection come together.
    from.once('close', () => to.destroySoon());
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
  const listen = async (on: number) => {
    server.listen(on, '127.0.0.1');
    await once(server, 'listening');
  };
  await listen(port);
  const { port: listeningOn } = server.address() as AddressInfo;

  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = String(listeningOn);
  return {
    url: url.href,
    set(next) {
      if (next === 'refuse' || mode === 'stall') reset();
      mode = next;
    },
    shut() {
      server.close();
      reset();
      mode = 'refuse';
    },
    async open() {
      mode = 'forward';
      if (!server.listening) await listen(listeningOn);
    },
    async close() {
      reset();
      if (!server.listening) return;
      server.close();
      await once(server, 'close');
    },
  };
}
