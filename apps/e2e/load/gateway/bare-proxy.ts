// The comparison for the gateway: @fastify/http-proxy alone, before the same worker, in a process of its own.
import proxy from '@fastify/http-proxy';
import { internalToken } from '@wa-gate/kit';
import Fastify from 'fastify';

/** Its environment: the credential of the gateway for this worker. */
export interface BareProxyEnv {
  PORT: string;
  UPSTREAM: string;
  MASTER_KEY: string;
  WORKER_ID: string;
  INCARNATION: string;
  /** The epochs of the sessions by internal id, as JSON. */
  EPOCHS: string;
}

const env = process.env as unknown as BareProxyEnv;
const epochs = JSON.parse(env.EPOCHS) as Record<string, string>;
const token = internalToken(Buffer.from(env.MASTER_KEY, 'base64'), env.WORKER_ID, Number(env.INCARNATION));

const app = Fastify();
app.get('/ready', async () => 'ready');
await app.register(proxy, {
  prefix: '/session',
  rewritePrefix: '/session',
  upstream: env.UPSTREAM,
  undici: { connections: 64, pipelining: 1 },
  disableRequestLogging: true,
  replyOptions: {
    rewriteRequestHeaders: ({ url }, headers) => ({
      ...headers,
      authorization: `Bearer ${token}`,
      'x-session-epoch': epochs[url!.split('/', 3)[2]!],
    }),
  },
});
await app.listen({ host: '127.0.0.1', port: Number(env.PORT) });
