import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import { EVENT_TYPES, EVENTS, NAMED_SCHEMAS, WEBHOOK_EXAMPLES, WEBHOOK_PAYLOADS } from '@wa-gate/contracts';
import Fastify, { type FastifyInstance, type RouteOptions } from 'fastify';
import { nameComponents } from './components.ts';
import { USUAL_CODES } from './error-responses.ts';
import { describeHeaders } from './headers.ts';

const DESCRIPTION = `Many WhatsApp sessions behind one API.

Every answer is an envelope: \`{success, status, data}\`, or \`{success: false, error, code, …}\`. With \`Accept: application/problem+json\` errors
come as RFC 9457. \`/api/v1\` is the same as \`/api\`. Every answer has \`X-Request-Id\` (yours, if you send one). The \`RateLimit-*\` headers come as
\`X-RateLimit-*\` too.`;

/** The webhook request of each event, for the \`webhooks\` of the document. */
const webhooks = Object.fromEntries(
  EVENT_TYPES.map((type) => [
    type,
    {
      post: {
        summary: EVENTS[type].summary,
        tags: ['Webhooks'],
        description:
          'Answer 2xx within 10 s. Headers: `webhook-id`, `webhook-timestamp`, `webhook-signature` (Standard Webhooks), `X-Hub-Signature-256`, `X-Webhook-Event`, `X-Webhook-Attempt`, `X-Webhook-Version`, and those of the webhook.',
        requestBody: {
          content: {
            'application/json': { schema: WEBHOOK_PAYLOADS[type], example: WEBHOOK_EXAMPLES[type] },
          },
        },
        responses: { '2XX': { description: 'Taken.' }, '410': { description: 'Gone: the webhook is switched off.' } },
      },
    },
  ]),
);

/** What an application says about its routes. */
export interface Described {
  version: string;
  /** Where the gateway is below its host; empty at the root. */
  basePath: string;
  routes: readonly RouteOptions[];
  /** Those that routes refer to. */
  schemas: Record<string, unknown>;
}

/** An application that answers nothing but `/docs`, about the routes of another. */
export async function buildDocumentation({ version, basePath, routes, schemas }: Described): Promise<FastifyInstance> {
  const app = Fastify({ exposeHeadRoutes: false })
    // Nothing but the pages of the documentation is ever answered.
    .setValidatorCompiler(() => () => true)
    .setSerializerCompiler(() => JSON.stringify);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'wa-gate',
        version,
        description: DESCRIPTION,
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      servers: [{ url: basePath || '/' }],
      tags: [
        { name: 'Authentication' },
        { name: 'Workspaces' },
        { name: 'Keys' },
        { name: 'Sessions' },
        { name: 'Profile and privacy' },
        { name: 'Calls' },
        { name: 'Messages' },
        { name: 'Channels' },
        { name: 'Chats' },
        { name: 'Labels' },
        { name: 'Groups' },
        { name: 'Notices' },
        { name: 'Webhooks' },
        { name: 'Workers' },
        { name: 'Usage and limits' },
        { name: 'Administration' },
        { name: 'Audit' },
        { name: 'Errors' },
        { name: 'Health' },
      ],
      components: {
        securitySchemes: {
          bearer: {
            type: 'http',
            scheme: 'bearer',
            description: 'A token of a user, a session key or a workspace key.',
          },
          apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
          workerToken: { type: 'apiKey', in: 'header', name: 'X-Worker-Token' },
        },
      },
      security: [{ bearer: [] }, { apiKey: [] }],
      webhooks: webhooks as never,
    },
    transformObject: (description) =>
      'openapiObject' in description
        ? nameComponents(describeHeaders(description.openapiObject), {
            schemas: NAMED_SCHEMAS,
            usualCodes: USUAL_CODES,
          })
        : description.swaggerObject,
    refResolver: {
      buildLocalReference: ({ $id }, _baseUri, _fragment, index) => (typeof $id === 'string' ? $id : `schema-${index}`),
    },
  });
  for (const schema of Object.values(schemas)) app.addSchema(schema);
  for (const { method, url, schema, config } of routes) {
    if (schema?.hide) continue;
    app.route({ method, url, ...(schema && { schema }), ...(config && { config }), handler: async () => null });
  }
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    indexPrefix: basePath,
    uiConfig: { docExpansion: 'list', persistAuthorization: true },
  });
  await app.ready();
  return app;
}
