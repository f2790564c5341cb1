import {
  EVENTS,
  type EventType,
  LIVE_PAYLOADS,
  type LiveEventType,
  WEBHOOK_PAYLOADS,
  WORKER_PAYLOADS,
  type WorkerEventType,
} from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import type { TSchema } from 'typebox';
import { Compile, type Validator } from 'typebox/compile';

/** An event row. */
interface StoredEvent {
  type: string;
  data: unknown;
}

/** Those of every version: a migration that runs after the triggers are made may add others. */
const COLUMNS = 'session_id, seq, type, data, epoch, created_at';

/**
 * Keeps deleted events, so that they are checked, too: the deletion of a session deletes its events. An append costs
 * nothing more.
 */
export const KEEP_DELETED_EVENTS = `
CREATE SCHEMA testkit;
CREATE UNLOGGED TABLE testkit.deleted_events (LIKE events);
CREATE FUNCTION testkit.keep_deleted_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' THEN
    INSERT INTO testkit.deleted_events (${COLUMNS}) SELECT ${COLUMNS} FROM events;
  ELSE
    INSERT INTO testkit.deleted_events (${COLUMNS}) SELECT ${COLUMNS} FROM gone;
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_deleted AFTER DELETE ON events REFERENCING OLD TABLE AS gone
  FOR EACH STATEMENT EXECUTE FUNCTION testkit.keep_deleted_events();
CREATE TRIGGER keep_truncated BEFORE TRUNCATE ON events
  FOR EACH STATEMENT EXECUTE FUNCTION testkit.keep_deleted_events();
`;

/** Rows per read. */
const PAGE = 20_000;
/** The maximum of sentences in one report. */
const MAX_REPORTED = 20;

/**
 * Closes the schema: members that it does not have are refused. Objects that are open on purpose have
 * `additionalProperties: true`.
 */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in copy && copy.additionalProperties === undefined
    ? { ...copy, additionalProperties: false }
    : copy;
}

const validators = new Map<TSchema, Validator>();

function validatorOf(schema: TSchema): Validator {
  let validator = validators.get(schema);
  if (!validator) {
    validator = Compile(closed(schema) as TSchema);
    validators.set(schema, validator);
  }
  return validator;
}

/** A sentence for each member that does not match the schema. */
function problemsOf(type: string, schema: TSchema, what: string, value: unknown): string[] {
  const validator = validatorOf(schema);
  if (validator.Check(value)) return [];
  return validator.Errors(value).flatMap(({ instancePath, keyword, params, message }) => {
    const at = `${what}${instancePath.replaceAll('/', '.')}`;
    const { additionalProperties, requiredProperties } = params as Record<string, string[] | undefined>;
    if (additionalProperties)
      return additionalProperties.map((name) => `${type} has ${at}.${name}, which its schema does not name.`);
    if (requiredProperties) return requiredProperties.map((name) => `${type} lacks ${at}.${name}.`);
    return keyword === 'boolean' ? [] : `${type}: ${at} ${message}.`; // `additionalProperties` names that member too
  });
}

const isEventType = (type: string): type is EventType => type in EVENTS;

function eventProblems({ type, data }: StoredEvent): string[] {
  if (!isEventType(type)) return [`${type} is no event of the registry.`];
  if (EVENTS[type].keep !== 'log') return [`${type} is not kept, and was stored.`];
  return problemsOf(type, EVENTS[type].data, 'data', data);
}

/** Checks the body of a webhook request against the registry: a sentence for each member that does not match. */
export function payloadProblems(payload: { event: string }): string[] {
  const { event } = payload;
  if (!isEventType(event)) return [`${event} is no event of the registry.`];
  return problemsOf(event, WEBHOOK_PAYLOADS[event], 'payload', payload);
}

/** Checks an event that is not kept, as a stream shows it. */
export function livePayloadProblems(type: LiveEventType, payload: object): string[] {
  return problemsOf(type, LIVE_PAYLOADS[type], 'payload', payload);
}

/** Checks an event of a worker, as administrators read it. */
export function workerPayloadProblems(payload: { event: WorkerEventType }): string[] {
  return problemsOf(payload.event, WORKER_PAYLOADS[payload.event], 'payload', payload);
}

/** A sentence, with an example, for each difference between the events of the database and the registry. */
export async function unpromisedEvents(db: Pool): Promise<string[]> {
  const problems = new Map<string, { count: number; data: unknown }>();
  const sql = `SELECT session_id, seq, type, data FROM (SELECT ${COLUMNS} FROM events UNION ALL SELECT ${COLUMNS} FROM testkit.deleted_events) e
    WHERE (session_id, seq) > ($1::uuid, $2::bigint) ORDER BY session_id, seq LIMIT ${PAGE}`;
  let after: [string, number] = ['00000000-0000-0000-0000-000000000000', 0];
  for (;;) {
    const { rows } = await db.query<StoredEvent & { session_id: string; seq: number }>(sql, after);
    for (const row of rows) {
      for (const problem of eventProblems(row)) {
        const known = problems.get(problem);
        if (known) known.count += 1;
        else problems.set(problem, { count: 1, data: row.data });
      }
    }
    const last = rows.at(-1);
    if (!last || rows.length < PAGE) break;
    after = [last.session_id, last.seq];
  }
  return [...problems].map(
    ([problem, { count, data }]) => `${problem} (${count} times, such as ${JSON.stringify(data)})`,
  );
}

/** @throws {Error} with the events and members that do not match the registry */
export async function expectPromisedEvents(db: Pool): Promise<void> {
  const problems = await unpromisedEvents(db);
  if (problems.length === 0) return;
  const listed = problems.slice(0, MAX_REPORTED).map((problem) => `- ${problem}`);
  throw new Error(`Events were appended that are not as packages/contracts/src/events promises:\n${listed.join('\n')}`);
}
