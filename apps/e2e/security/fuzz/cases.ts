import type { Operation } from '../openapi/document.ts';
import type { ResourceKind } from '../world/resource-kinds.ts';

/** Who sends a request of the fuzzer. */
export const ACTOR_NAMES = [
  'anonymous',
  'garbage',
  'owner',
  'operator',
  'viewer',
  'owner key',
  'operator key',
  'viewer key',
  'session key',
  'administrator',
  'worker',
] as const;
export type ActorName = (typeof ACTOR_NAMES)[number];

/**
 * Stands for an id that is chosen when the request is sent: ids are new in every run, and a seed must give the same
 * plan. The number counts through the ids of the kind that are there then.
 */
export const pooledMark = (kind: ResourceKind, index: number): string => `<<${kind}:${index}>>`;

const MARK = /<<([a-z ]+):(\d+)>>/g;

export const fillMarks = (text: string, idOf: (kind: ResourceKind, index: number) => string): string =>
  text.replaceAll(MARK, (_, kind: string, index: string) => idOf(kind as ResourceKind, Number(index)));

/** One request as the seed decides it. */
export interface FuzzCase {
  index: number;
  operation: Operation;
  actor: ActorName;
  method: string;
  path: Record<string, string>;
  /** Names of the parameters of the path that were made wrong. */
  wrongPath: string[];
  /** Pairs, because a name may come twice. */
  query: [string, string][];
  headers: Record<string, string>;
  body: string | undefined;
  contentType: string | undefined;
  /** What was made wrong; empty: nothing. */
  mutations: string[];
}
