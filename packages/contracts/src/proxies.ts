import { type Static, Type } from 'typebox';
import { nullable, oneOf, timestamp } from './schema.ts';

const credential = (description: string) => Type.String({ minLength: 1, maxLength: 255, description });

const url = Type.String({
  minLength: 8,
  maxLength: 1_000,
  description: '`http://host:port` (CONNECT) or `socks5://host:port`. It may hold name and password, percent-encoded.',
  examples: ['socks5://proxy.example.com:1080'],
});

/** A proxy in a request. */
export const ProxyRequestSchema = Type.Object({
  url,
  username: Type.Optional(credential('In place of the name in `url`.')),
  password: Type.Optional(credential('Stored sealed, and shown by no answer.')),
});

export const SetProxyRequestSchema = Type.Object(
  {
    ...ProxyRequestSchema.properties,
    test: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'false: store it without a try, such as a proxy that is not there yet.',
      }),
    ),
  },
  {
    additionalProperties: false,
    examples: [{ url: 'socks5://proxy.example.com:1080', username: 'ann', password: 'secret' }],
  },
);
export type SetProxyRequest = Static<typeof SetProxyRequestSchema>;

/** Where the proxy of a session comes from. */
export const PROXY_SOURCES = ['session', 'installation', 'none'] as const;

export const SessionProxySchema = Type.Object({
  sessionId: Type.String({ examples: ['user123-personal'] }),
  source: oneOf(
    PROXY_SOURCES,
    '`session`: its own. `installation`: one of the operator’s, always the same one. `none`: it connects directly.',
  ),
  url: nullable(
    Type.String({
      description: 'Without credentials; null for one of the operator’s.',
      examples: ['socks5://proxy.example.com:1080'],
    }),
  ),
  hasCredentials: Type.Boolean(),
  lastUsedAt: nullable(timestamp('The last login of the session through a proxy.')),
  lastError: nullable(Type.String({ description: 'Why the proxy gave no way the last time; null after a login.' })),
  lastErrorAt: nullable(timestamp()),
});
export type SessionProxy = Static<typeof SessionProxySchema>;

export const SetProxyResultSchema = Type.Object({
  ...SessionProxySchema.properties,
  applied: oneOf(
    ['reconnecting', 'next_connection'] as const,
    '`reconnecting`: the session connects through it now. `next_connection`: it does when it connects next.',
  ),
});
export type SetProxyResult = Static<typeof SetProxyResultSchema>;

export const ProxyTestSchema = Type.Object({
  ok: Type.Boolean({ description: 'WhatsApp was reached through it.' }),
  url: nullable(
    Type.String({ description: 'Without credentials; null when the session uses no proxy, or one of the operator’s.' }),
  ),
  latencyMs: nullable(Type.Integer({ minimum: 0 })),
  error: nullable(Type.String({ description: 'Why not, and nothing of the credentials.' })),
});
