import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createFaultProxy, type FaultMode } from '@wa-gate/testkit';

export interface WhatsAppLine {
  /** The URL that a worker uses as the sandbox. */
  url: string;
  set(mode: FaultMode): void;
  close(): Promise<void>;
}

interface SandboxAddress {
  wsUrl: string;
}

/**
 * The connection of one worker to the sandbox, which can be cut. A worker reads the address from the control API of the
 * sandbox, so the answer is passed on with the address of a proxy. The certificate stays valid, because the host is the
 * same.
 */
export async function openWhatsAppLine(sandboxUrl: string): Promise<WhatsAppLine> {
  const info = (await (await fetch(sandboxUrl)).json()) as SandboxAddress;
  const wire = await createFaultProxy(info.wsUrl);
  const server = createServer((_request, response) => {
    fetch(sandboxUrl)
      .then((answer) => answer.json())
      .then((known) => {
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ ...(known as SandboxAddress), wsUrl: wire.url }));
      })
      .catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const asking = await createFaultProxy(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  return {
    url: asking.url.replace(/\/$/, ''),
    set(mode) {
      asking.set(mode);
      wire.set(mode);
    },
    async close() {
      await Promise.all([asking.close(), wire.close()]);
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
