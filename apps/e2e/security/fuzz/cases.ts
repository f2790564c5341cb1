import type { Operation } from '../openapi/document.ts';
import type { ResourceKind } from '../world/resource-kinds.ts';

/** The senders of requests. */
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
 * A placeholder for an id that is chosen when the request is sent: ids differ in every run, and a seed must give the
 * same plan. The number selects among the ids of the kind that exist then.
 */
export const pooledMark = (kind: ResourceKind, index: number): string => `<<${kind}:${index}>>`;

const MARK = /<<([a-z ]+):(\d+)>>/g;

export const fillMarks = (text: string, idOf: (kind: ResourceKind, index: number) => string): string =>
  text.replaceAll(MARK, (_, kind: string, index: string) => idOf(kind as ResourceKind, Number(index)));

/** One request of the plan. */
export interface FuzzCase {
  index: number;
  operation: Operation;
  actor: ActorName;
  method: string;
  path: Record<string, string>;
  /** Names of the path parameters that were made invalid. */
  wrongPath: string[];
  /** Pairs, because a name may occur twice. */
  query: [string, string][];
  headers: Record<string, string>;
  body: string | undefined;
  contentType: string | undefined;
  /** The mutations of the request; empty: none. */
  mutations: string[];
}
