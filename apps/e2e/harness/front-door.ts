import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface FrontDoor {
  url: string;
  close(): Promise<void>;
}

export interface FrontDoorOptions {
  /** How many targets a connection is offered to before it is reset. @default all of them */
  tries?: number;
}

/**
 * Acts as a load balancer: one address before several processes. A connection goes to the next process that accepts it.
 * The targets are read for each connection, because they may be set later.
 */
export async function openFrontDoor(
  targets: () => readonly string[],
  { tries = Number.POSITIVE_INFINITY }: FrontDoorOptions = {},
): Promise<FrontDoor> {
  const sockets = new Set<Socket>();
  let turn = 0;
  const track = (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined); // whoever is behind or in front may vanish
  };
  const server = createServer({ pauseOnConnect: true }, (incoming) => {
    track(incoming);
    const all = targets().map((url) => new URL(url));
    const first = turn++;
    const attempt = (tried: number): void => {
      const target = all[(first + tried) % all.length];
      if (!target || tried >= Math.min(tries, all.length)) {
        incoming.resetAndDestroy();
        return;
      }
      const outgoing = connect(Number(target.port), target.hostname);
      const onRefused = () => attempt(tried + 1);
      outgoing.once('error', onRefused);
      outgoing.once('connect', () => {
        outgoing.off('error', onRefused);
        track(outgoing);
        incoming.pipe(outgoing).pipe(incoming);
        incoming.once('close', () => outgoing.destroy());
        outgoing.once('close', () => incoming.destroySoon());
      });
    };
    attempt(0);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
