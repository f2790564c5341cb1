import type { SinkConfiguration, SinkType } from '@wa-gate/contracts';
import { kafka } from './kafka.ts';
import { nats } from './nats.ts';
import { rabbitmq } from './rabbitmq.ts';
import { redis } from './redis.ts';
import type { ConfigurationOf, SinkDriver } from './sink.ts';
import { sqs } from './sqs.ts';

/** Each type with its driver. A type without one does not compile. */
const TABLE: { [T in SinkType]: SinkDriver<ConfigurationOf<T>> } = { rabbitmq, nats, kafka, sqs, redis };

/** A driver gets configurations of its own type only. */
export const DRIVERS = TABLE as unknown as Record<SinkType, SinkDriver<SinkConfiguration>>;
