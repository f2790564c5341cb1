import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * `forward`: passes everything. `refuse`: resets connections at once, like a target that is gone. `stall`: drops bytes
 * without an error, like a target that is unreachable.
 */
export type FaultMode = 'forward' | 'refuse' | 'stall';

export interface FaultProxy {
  /** The URL of the target, through the proxy. */
  url: string;
  /** Changes what happens to open and to new connections. Going back to `forward` resets those that were stalled. */
  set(mode: FaultMode): void;
  /**
   * Acts like the end of the target process: open connections are reset, and when this returns the port is closed.
   * `refuse` still accepts before it resets, which matters where a refused connection is evidence of death.
   */
  shut(): void;
  /** Listens again on the same port, forwarding. */
  open(): Promise<void>;
  close(): Promise<void>;
}

export interface FaultProxyOptions {
  /** The port, which stays free while the proxy is shut. Not from the range of outgoing connections. @default 0, any */
  port?: number;
}

/** A TCP proxy on loopback in front of a real service. It takes the service away from one system only. */
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
    // Bytes that were read must still arrive: an answer and the end of its connection come together.
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
