import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  type FleetOperation,
  FleetOperationResultSchemas,
  LOG_LEVELS,
  oneOf,
  type WorkerStats,
} from '@wa-gate/contracts';
import type { Logger } from '@wa-gate/kit';
import { Type } from 'typebox';
import { type OwnershipOptions, requireGateway } from './ownership.ts';

export interface OperationRoutesOptions extends OwnershipOptions {
  logger: Logger;
  stats: () => WorkerStats;
}

const LogLevel = Type.Object({ level: oneOf(LOG_LEVELS) });
const path = (operation: FleetOperation): string => `/operations/${operation}`;

/** What administrators ask of all workers at once, by way of a gateway. Nothing here touches a session. */
export const operationRoutes: FastifyPluginAsyncTypebox<OperationRoutesOptions> = async (app, options) => {
  const { logger, stats, supervisor } = options;
  const onRequest = requireGateway(options);

  app.post(
    path('ping'),
    { onRequest, schema: { response: { 200: FleetOperationResultSchemas.ping } } },
    async () => ({}),
  );

  app.post(
    path('stats'),
    { onRequest, schema: { response: { 200: FleetOperationResultSchemas.stats } } },
    async () => ({ stats: stats() }),
  );

  app.post(
    path('log-level'),
    { onRequest, schema: { body: LogLevel, response: { 200: FleetOperationResultSchemas['log-level'] } } },
    async (request) => {
      const former = LOG_LEVELS.find((level) => level === logger.level) ?? 'info';
      const { level } = request.body;
      // Told at the level that lets it through: afterwards, or before.
      logger.warn({ former, level }, 'log level changed by an administrator, until this process ends');
      logger.level = level;
      return { level: former };
    },
  );

  app.post(
    path('converge'),
    { onRequest, schema: { response: { 200: FleetOperationResultSchemas.converge } } },
    async () => {
      await supervisor.converge();
      return {};
    },
  );
};
