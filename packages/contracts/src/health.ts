import { Type } from 'typebox';
import { nullable, oneOf, timestamp } from './schema.ts';

export const HEALTH_STATUSES = ['healthy', 'degraded', 'unhealthy'] as const;
const reachable = oneOf(['connected', 'disconnected']);

/**
 * `GET /api/health`, in the shape of the v2 brief. Health answers have no envelope, because monitors read them
 * directly.
 */
export const HealthSchema = Type.Object({
  status: oneOf(
    HEALTH_STATUSES,
    'degraded: Redis is away, everything works but slower. unhealthy: PostgreSQL is away.',
  ),
  timestamp: timestamp(),
  version: Type.String(),
  services: Type.Object({
    whatsapp: oneOf(['connected', 'disconnected'], 'connected when any session is.'),
    database: reachable,
    redis: reachable,
    queue: oneOf(['running', 'stopped']),
  }),
  metrics: Type.Object({
    uptime: Type.Integer({ description: 'Seconds.' }),
    memory: Type.Object(
      { used: Type.Integer(), total: Type.Integer() },
      { description: 'MB of this process, and what it may use.' },
    ),
    cpu: Type.Number({ description: 'Percent of one core, lately.' }),
  }),
  details: Type.Object({
    whatsapp: nullable(
      Type.Number({
        minimum: 0,
        maximum: 1,
        description: 'Which part of the sessions that should run is connected; null where that is none, or not known.',
      }),
    ),
  }),
});

export const ProbeSchema = Type.Object({ status: oneOf(['ok', 'unavailable']) });
