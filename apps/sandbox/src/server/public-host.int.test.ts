import { once } from 'node:events';
import { connect } from 'node:tls';
import { createLogger } from '@wa-gate/kit';
import { expect, it, vi } from 'vitest';
import { startSandbox } from '../app.ts';

it('with SANDBOX_PUBLIC_HOST the certificate has all of its names and the URLs the first, whatever address it binds to', async () => {
  const sandbox = await startSandbox({ host: '0.0.0.0', publicHosts: ['sandbox.internal.test', 'web.whatsapp.com'] });
  try {
    const { hostname, port } = new URL(sandbox.wsUrl);
    expect(hostname).toBe('sandbox.internal.test');
    expect(sandbox.mediaHost).toBe(`sandbox.internal.test:${port}`);
    expect(await (await fetch(sandbox.url)).json()).toMatchObject({
      wsUrl: sandbox.wsUrl,
      mediaHost: sandbox.mediaHost,
    });
    for (const servername of [hostname, 'web.whatsapp.com']) {
      const socket = connect({ host: '127.0.0.1', port: Number(port), servername, ca: sandbox.caPem });
      await once(socket, 'secureConnect');
      expect(socket.authorized, servername).toBe(true);
      socket.destroy();
    }
  } finally {
    await sandbox.stop();
  }
});

it('a TLS handshake that a client refuses is in the log, with the name that it looked for', async () => {
  const lines: string[] = [];
  const destination = { write: (line: string) => void lines.push(line) };
  const log = createLogger({ service: 'sandbox', level: 'warn', destination });
  const sandbox = await startSandbox({ log });
  try {
    const { port } = new URL(sandbox.wsUrl);
    const socket = connect({
      host: '127.0.0.1',
      port: Number(port),
      servername: 'mmg.whatsapp.net',
      ca: sandbox.caPem,
    });
    await once(socket, 'error');
    const refusal = () => lines.find((line) => line.includes('TLS handshake refused'));
    await vi.waitFor(() => expect(refusal()).toBeDefined());
    expect(JSON.parse(refusal()!)).toMatchObject({ servername: 'mmg.whatsapp.net' });
  } finally {
    await sandbox.stop();
  }
});
