import type { FastifyPluginAsyncTypebox } from '@fastify/type-provider-typebox';
import {
  FLEET_OPERATION_NAMES,
  FLEET_OPERATIONS,
  type FleetAnswerOf,
  type FleetInputOf,
  type FleetOperation,
  LOG_LEVELS,
  type WorkerStats,
} from '@wa-gate/contracts';
import type { Logger } from '@wa-gate/kit';
import { Type } from 'typebox';
import type { Supervisor } from '../supervisor/supervisor.ts';
import { type OwnershipOptions, requireGateway } from './ownership.ts';

interface FleetHost {
  logger: Logger;
  stats: () => WorkerStats;
  supervisor: Pick<Supervisor, 'converge'>;
}

export type FleetRoutesOptions = OwnershipOptions & Pick<FleetHost, 'logger' | 'stats'>;

const PERFORMERS: {
  [N in FleetOperation]: (host: FleetHost, input: FleetInputOf<N>) => Promise<FleetAnswerOf<N>>;
} = {
  async ping() {
    return {};
  },
  async stats({ stats }) {
    return { stats: stats() };
  },
  async 'log-level'({ logger }, { level }) {
    const former = LOG_LEVELS.find((known) => known === logger.level) ?? 'info';
    // Logged before or after the change, whichever level lets it through.
    logger.warn({ former, level }, 'log level changed by an administrator, until this process ends');
    logger.level = level;
    return { level: former };
  },
  async converge({ supervisor }) {
    await supervisor.converge();
    return {};
  },
};

/** Operations on all workers, sent by administrators through a gateway. They touch no session. */
export const fleetRoutes: FastifyPluginAsyncTypebox<FleetRoutesOptions> = async (app, options) => {
  const onRequest = requireGateway(options);
  for (const name of FLEET_OPERATION_NAMES) {
    const { input, answer } = FLEET_OPERATIONS[name];
    const hasInput = Object.keys(input).length > 0;
    app.post(
      `/operations/${name}`,
      { onRequest, schema: { ...(hasInput && { body: Type.Object(input) }), response: { 200: Type.Object(answer) } } },
      (request) => PERFORMERS[name](options, request.body as never),
    );
  }
};
