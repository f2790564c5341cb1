import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NO_INCARNATION, PROOF_HEADERS, parseMasterKeys, proofHeaders } from '@wa-gate/kit';

/**
 * Answers `GET /health` in place of the worker of the PaaS brief, with the proof that it belongs to the installation,
 * and nothing else.
 */
export async function openWorkerEndpoint(
  masterKey: string,
  workerId: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const [key] = parseMasterKeys(masterKey);
  const server = createServer((request, response) => {
    const proof = proofHeaders(key!, { workerId, incarnation: NO_INCARNATION }, request.headers[PROOF_HEADERS.nonce]);
    response.writeHead(request.url === '/health' ? 200 : 404, { 'content-type': 'application/json', ...proof });
    response.end('{"status":"healthy"}');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
