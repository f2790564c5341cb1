import { followed, isRecorded, type SpanAttributes } from '@wa-gate/kit';
import pg from 'pg';

type Query = (...args: unknown[]) => unknown;

interface Description {
  name: string;
  attributes: SpanAttributes;
}

/** Of named statements. Their names are those of the code, so there are as many as it has statements. */
const described = new Map<string, Description>();

/** Named statements by their name, others by their first word: neither values nor texts are in a trace. */
function describe(query: unknown): Description {
  const { name, text } = (typeof query === 'string' ? { text: query } : (query ?? {})) as {
    name?: string;
    text?: string;
  };
  const known = name === undefined ? undefined : described.get(name);
  if (known) return known;
  const operation = /^\s*(\w+)/.exec(text ?? '')?.[1]?.toUpperCase() ?? 'QUERY';
  const description = {
    name: name ?? operation,
    attributes: { 'db.system.name': 'postgresql', 'db.operation.name': operation, 'db.query.summary': name },
  };
  if (name !== undefined) described.set(name, description);
  return description;
}

/** A call with a callback is one by the pool itself, or of a library that has no promise to follow. */
function follow(args: unknown[], query: Query): unknown {
  if (typeof args.at(-1) === 'function' || typeof (args[0] as { submit?: unknown } | null)?.submit === 'function') {
    return query(...args);
  }
  const { name, attributes } = describe(args[0]);
  return followed(name, attributes, () => query(...args));
}

/** The clients of a pool, which may be of a class of ours. */
const traced = (Client: typeof pg.Client) =>
  class TracedClient extends Client {
    // The overloads of `query` say nothing that is needed here.
    override query(...args: unknown[]): never {
      if (!isRecorded()) return (super.query as Query)(...args) as never;
      return follow(args, super.query.bind(this) as Query) as never;
    }
  };

/**
 * A pool whose statements are spans of the trace that asks: those of the pool where they are asked for, the wait for a
 * connection included, and those of transactions.
 */
export class TracedPool extends pg.Pool {
  constructor(config: pg.PoolConfig) {
    const { Client = pg.Client } = config as { Client?: typeof pg.Client };
    super({ ...config, Client: traced(Client) } as pg.PoolConfig);
  }

  override query(...args: unknown[]): never {
    if (!isRecorded()) return (super.query as Query)(...args) as never;
    return follow(args, super.query.bind(this) as Query) as never;
  }
}
