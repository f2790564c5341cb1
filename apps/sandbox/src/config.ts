import { type Static, Type } from 'typebox';

/** The environment of the sandbox process. Only `main.ts` reads it. */
export const ConfigSchema = Type.Object({
  /** Port of the control API; 0 takes a free one. */
  SANDBOX_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8920 }),
  /** Port of the TLS listener for WebSocket and media; 0 takes a free one. */
  SANDBOX_WS_PORT: Type.Integer({ minimum: 0, maximum: 65_535, default: 8921 }),
  /** Address both listeners bind to. */
  SANDBOX_HOST: Type.String({ default: '127.0.0.1', minLength: 1 }),
  /** The names or addresses in which clients find it, with commas between them. @default SANDBOX_HOST */
  SANDBOX_PUBLIC_HOST: Type.Optional(Type.String({ minLength: 1 })),
  /** The directory of accounts, keys, queues and media. Without it nothing survives the process. */
  SANDBOX_DATA_DIR: Type.Optional(Type.String({ minLength: 1 })),
  /** When set, the control API requires `Authorization: Bearer <token>` everywhere except `GET /health`. */
  SANDBOX_TOKEN: Type.Optional(Type.String({ minLength: 8 })),
  /** `false`: phones acknowledge without decrypting, for load tests. */
  SANDBOX_DECRYPT: Type.Boolean({ default: true }),
  /** `true`: numbers that a client looks up become phones, instead of being unknown. */
  SANDBOX_AUTO_CREATE_PHONES: Type.Boolean({ default: false }),
  /** `true`: a new companion uploads 5 prekeys instead of 812, for tests that link many. */
  SANDBOX_FEW_PREKEYS: Type.Boolean({ default: false }),
  /** Milliseconds that each stanza takes in each direction. */
  SANDBOX_LATENCY_MS: Type.Integer({ minimum: 0, maximum: 10_000, default: 0 }),
  LOG_LEVEL: Type.Enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], { default: 'info' }),
});

export type Config = Static<typeof ConfigSchema>;
