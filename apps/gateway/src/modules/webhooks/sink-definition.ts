import {
  isSinkType,
  SINK_MEMBERS,
  SINK_TYPES,
  SINKS,
  type SinkConfiguration,
  type SinkMembers,
  type SinkType,
  sinkConfigurationSchema,
  type UpdateWebhookRequest,
} from '@wa-gate/contracts';
import { lazily } from '@wa-gate/kit';
import { Compile, type Validator } from 'typebox/compile';
import { ApiError } from '../../http/api-error.ts';
import { invalidRequest } from '../../plugins/validation-issues.ts';
import { refuseHost } from './endpoint-address.ts';

interface Known {
  schema: ReturnType<typeof sinkConfigurationSchema>;
  validator: Validator;
}

const known = new Map(
  SINK_TYPES.map((type) => [
    type,
    lazily((): Known => {
      const schema = sinkConfigurationSchema(type);
      return { schema, validator: Compile(schema) };
    }),
  ]),
);

/** The members of requests that belong to the configuration of a type, the URL included. */
export const sinkMembers = (type: SinkType): string[] => Object.keys(SINKS[type].properties);

/**
 * The configuration in a request: all of what must be known to reach the broker.
 *
 * @throws {ApiError} WEBHOOK_URL_REFUSED
 * @throws what a request that does not fit the schema is answered with
 */
export function sinkConfigurationOf(type: SinkType, request: object, allowPrivate: boolean): SinkConfiguration {
  const given = request as Record<string, unknown>;
  const members = sinkMembers(type).filter((name) => given[name] !== undefined);
  const configuration = { type, ...Object.fromEntries(members.map((name) => [name, given[name]])) };
  const { schema, validator } = known.get(type)!();
  if (!validator.Check(configuration)) throw invalidRequest(validator.Errors(configuration), 'body', schema);
  const sink = configuration as SinkConfiguration;
  const why = refuseSink(sink, allowPrivate);
  if (why) {
    throw new ApiError('WEBHOOK_URL_REFUSED', {
      message: `The URL of the broker is refused. ${why}`,
      details: { type },
    });
  }
  return sink;
}

/** Why a broker cannot be used; `null`: it can. Names are resolved and checked at each connection. */
function refuseSink(sink: SinkConfiguration, allowPrivate: boolean): string | null {
  let parsed: URL;
  try {
    parsed = new URL(sink.url);
    decodeURIComponent(parsed.username + parsed.password + parsed.pathname);
  } catch {
    return 'It is not a URL. Encode what is not a letter or a digit in user and password, such as @ as %40.';
  }
  const further = sink.type === 'kafka' ? (sink.brokers ?? []).map((broker) => broker.split(':')[0]!) : [];
  for (const host of [parsed.hostname, ...further]) {
    const why = refuseHost(host, allowPrivate);
    if (why) return why;
  }
  return null;
}

/** What of a configuration may be shown. */
export function shownSink(sink: SinkConfiguration): Record<string, unknown> {
  const hidden = new Set<string>(['type', 'url', ...SINKS[sink.type].secrets]);
  return Object.fromEntries(Object.entries(sink).filter(([name]) => !hidden.has(name)));
}

/** A change without what belongs to the configuration of a broker. */
export function withoutSinkMembers(request: UpdateWebhookRequest): Omit<UpdateWebhookRequest, keyof SinkMembers> {
  return Object.fromEntries(Object.entries(request).filter(([name]) => !Object.hasOwn(SINK_MEMBERS, name)));
}

/**
 * A change names members of its own type only.
 *
 * @throws {ApiError} VALIDATION
 */
export function assertMembers(type: string, request: UpdateWebhookRequest): void {
  const own = new Set(isSinkType(type) ? sinkMembers(type) : ['headers', 'basicAuth']);
  const special = ['headers', 'basicAuth', ...Object.keys(SINK_MEMBERS)];
  const foreign = special.find((name) => name in request && !own.has(name));
  if (foreign === undefined) return;
  throw new ApiError('VALIDATION', {
    message: `This webhook is of the type \`${type}\`, which has no \`${foreign}\`.`,
    details: { type, member: foreign },
  });
}
