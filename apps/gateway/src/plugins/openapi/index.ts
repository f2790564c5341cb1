import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyInstance {
    /** The description of all routes (OpenAPI 3.1). Absent in a process without an API. */
    describeApi(): Promise<object>;
  }
}

/** Of an answer of the documentation; the rest is this server's own. */
const PASSED_ON = ['content-type', 'etag', 'last-modified', 'cache-control', 'location'] as const;

/**
 * The description of the API at `/docs`, made of the schemas that validate and serialise. It is made for the first who
 * asks: few processes ever show it, and it takes as much as all the rest of a start.
 */
export const openapi = fastifyPlugin<{ version: string; basePath: string }>(
  async (app, { version, basePath }) => {
    const routes: RouteOptions[] = [];
    app.addHook('onRoute', (route) => {
      routes.push(route);
    });
    let made: Promise<FastifyInstance> | undefined;
    const documentation = (): Promise<FastifyInstance> => {
      made ??= import('./documentation.ts').then(({ buildDocumentation }) =>
        buildDocumentation({ version, basePath, routes, schemas: app.getSchemas() }),
      );
      return made;
    };
    app.addHook('onClose', async () => {
      await (await made)?.close();
    });
    app.decorate('describeApi', async () => (await documentation()).swagger());

    async function show({ url, headers }: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
      const page = await (await documentation()).inject({ method: 'GET', url, headers });
      if (page.statusCode >= 400) {
        reply.callNotFound();
        return reply;
      }
      for (const name of PASSED_ON) {
        const value = page.headers[name];
        // Its redirects are within `/docs`.
        if (value !== undefined) void reply.header(name, name === 'location' ? `${basePath}${String(value)}` : value);
      }
      return reply.code(page.statusCode).send(page.rawPayload);
    }
    const hidden = { schema: { hide: true } };
    app.get('/docs', hidden, show);
    app.get('/docs/*', hidden, show);
  },
  { name: 'openapi' },
);
