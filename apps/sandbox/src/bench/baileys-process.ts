/** Child process of the bench: real Baileys clients, each linked to a phone of its own. */
import './shared-async-storage.ts';
import { BaileysClient } from '../testing/baileys-client.ts';
import { ControlApi } from '../testing/control-api.ts';
import type { ClientsReport, ClientsRequest, SandboxReady } from './measure.ts';
import { inParallel } from './parallel.ts';

const PAIRING_AT_ONCE = 4;

const clients: BaileysClient[] = [];
const numbers: string[] = [];
const report = (message: ClientsReport): void => void process.send?.(message);

process.on('message', (request: ClientsRequest) => {
  handle(request).catch((error: unknown) => report({ kind: 'failed', reason: String(error) }));
});
process.on('disconnect', () => process.exit(0));

async function handle(request: ClientsRequest): Promise<void> {
  if (request.kind === 'pair') await pair(request.ready, request.count);
  else if (request.kind === 'send') await send(request.texts);
  else process.exit(0);
}

async function pair(ready: SandboxReady, count: number): Promise<void> {
  const api = new ControlApi(ready.url);
  const access = { wsUrl: ready.wsUrl, caPem: ready.caPem, noiseRoot: Buffer.from(ready.noiseRoot, 'base64') };
  const started = Date.now();
  await inParallel(count, PAIRING_AT_ONCE, async () => {
    const { number } = await api.post<{ number: string }>('/phones');
    const client = new BaileysClient(access);
    await client.pair((qr) => api.post(`/phones/${number}/scan`, { qr }));
    clients.push(client);
    numbers.push(number);
  });
  report({ kind: 'paired', seconds: (Date.now() - started) / 1000 });
}

/** Sends texts from each client to the phone of the next one. */
async function send(texts: number): Promise<void> {
  const started = Date.now();
  await Promise.all(
    clients.map(async (client, index) => {
      const peer = `${numbers[(index + 1) % numbers.length]}@s.whatsapp.net`;
      for (let i = 0; i < texts; i++) await client.socket.sendMessage(peer, { text: `text ${i}` });
      client.events.length = 0;
    }),
  );
  report({ kind: 'sent', messages: texts * clients.length, seconds: (Date.now() - started) / 1000 });
}
