import { createLogger } from '@wa-gate/kit';
import { buildGateway, type GatewayDependencies, type GatewayServices } from './app.ts';
import { createGatewayMetrics } from './metrics/index.ts';
import { signingKeys } from './plugins/access-tokens.ts';

/**
 * The description of the API, without services: routes call their services only for requests, and there are none here.
 */
export async function buildOpenapiDocument(version: string): Promise<string> {
  const nothing = {} as never;
  const app = await buildGateway({
    logger: createLogger({ service: 'openapi', level: 'silent' }),
    metrics: createGatewayMetrics(nothing),
    health: nothing,
    // The proxy of streams reads its dispatcher when it is registered.
    services: { ownerStreams: nothing } as Partial<GatewayServices> as GatewayServices,
    settings: {
      version,
      metrics: { isServed: true },
      tokenKeys: signingKeys(['nothing is signed here']),
      sessionSecrets: ['nor here'],
      tokenSeconds: 1,
      corsOrigins: [],
      allowQueryKey: false,
      files: { workFolder: nothing, maxBytes: 1, publicUrl: undefined },
      network: {
        trustProxy: false,
        helmet: true,
        corsOrigins: [],
        requireHttps: false,
        basePath: '',
        allow: null,
        deny: null,
      },
    },
    // A wrong schema must not wait for a request.
    compilation: 'at start',
  } satisfies GatewayDependencies);
  await app.ready();
  const document = JSON.stringify(await app.describeApi(), null, 2);
  await app.close();
  return `${document}\n`;
}
