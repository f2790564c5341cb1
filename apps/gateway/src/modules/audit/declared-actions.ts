import type { FastifyInstance, RouteOptions } from 'fastify';
import fastifyPlugin from 'fastify-plugin';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The action that this route writes into the audit log, such as `session.created`. */
    audit?: string;
  }
}

/** Shows the declared audit action of a route in the API description, as `x-audit-action`. */
function describeAction(route: Pick<RouteOptions, 'schema' | 'config'>): void {
  const action = route.config?.audit;
  if (action) route.schema = { ...route.schema, 'x-audit-action': action } as NonNullable<RouteOptions['schema']>;
}

/** Does so for every route that is registered after it. */
export const declaredActions = fastifyPlugin(
  async (app: FastifyInstance) => {
    app.addHook('onRoute', describeAction);
  },
  { name: 'declared-actions' },
);
