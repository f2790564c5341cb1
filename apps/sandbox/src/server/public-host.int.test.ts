import { once } from 'node:events';
import { connect } from 'node:tls';
import { expect, it } from 'vitest';
import { startSandbox } from '../app.ts';

it('with SANDBOX_PUBLIC_HOST the URLs and the certificate are those of that name, whatever address it binds to', async () => {
  const sandbox = await startSandbox({ host: '0.0.0.0', publicHost: 'sandbox.internal.test' });
  try {
    const { hostname, port } = new URL(sandbox.wsUrl);
    expect(hostname).toBe('sandbox.internal.test');
    expect(sandbox.mediaHost).toBe(`sandbox.internal.test:${port}`);
    expect(await (await fetch(sandbox.url)).json()).toMatchObject({
      wsUrl: sandbox.wsUrl,
      mediaHost: sandbox.mediaHost,
    });
    const socket = connect({ host: '127.0.0.1', port: Number(port), servername: hostname, ca: sandbox.caPem });
    await once(socket, 'secureConnect');
    expect(socket.authorized).toBe(true);
    socket.destroy();
  } finally {
    await sandbox.stop();
  }
});
