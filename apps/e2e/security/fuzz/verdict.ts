import type { AnswerJudge } from '../openapi/answer-judge.ts';
import type { Operation } from '../openapi/document.ts';
import type { FuzzCase } from './cases.ts';
import type { FuzzAnswer } from './send-case.ts';

/** Milliseconds above which an answer counts as slow. */
export const SLOW_MS = 5_000;

/**
 * Valid 503s in a run: a session of a network without workers, one that moves between workers, and a change whose
 * connection another request of the run has ended before WhatsApp answered.
 */
const TRUE_503 = new Set(['NO_WORKER', 'SESSION_MOVING', 'OUTCOME_UNKNOWN']);
/** Codes for an invalid path or method. */
const NO_ROUTE = new Set(['ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED', 'BAD_REQUEST']);

/** Checks one answer; null: it is valid. */
export function verdictOn(
  planned: FuzzCase,
  answer: FuzzAnswer,
  { judge, operations }: { judge: AnswerJudge; operations: ReadonlyMap<string, Operation> },
): string | null {
  const code = (answer.body as { code?: string } | undefined)?.code ?? '';
  const isTrue =
    (answer.status === 503 && TRUE_503.has(code)) || (answer.status === 501 && code === 'ENGINE_UNSUPPORTED');
  if (answer.status >= 500 && !isTrue) return `status ${answer.status} ${code}`;
  if (answer.ms > SLOW_MS) return `answered after ${Math.round(answer.ms)} ms`;
  // A preflight, complete or not: @fastify/cors answers before any route.
  if (planned.method === 'OPTIONS' && (answer.status === 204 || answer.status === 400)) return null;
  const isElsewhere = planned.method !== planned.operation.method;
  const operation = operationAt(planned.method, planned.operation.path, operations);
  const hasWrongPath = planned.wrongPath.length > 0;
  const isRefused = answer.status >= 400;
  // A path that was made invalid may be another path, or none.
  if (isElsewhere && !operation && !hasWrongPath && answer.status === 404)
    return `${planned.method} is no method of this path, and the answer says that there is no such path`;
  if (isRefused && ((hasWrongPath && NO_ROUTE.has(code)) || (isElsewhere && !operation)))
    return judge.problemOfRefusal(answer);
  if (!operation) return `${planned.method} is no method of this path, and it answered ${answer.status} ${code}`;
  return judge.problemOf(operation, answer);
}

/** The operation that a router finds there: with another method `/workers/rebalance` may be `/workers/{id}`. */
function operationAt(method: string, path: string, operations: ReadonlyMap<string, Operation>): Operation | undefined {
  const own = operations.get(`${method} ${path}`);
  if (own) return own;
  const segments = path.split('/');
  return [...operations.values()].find((other) => {
    const parts = other.path.split('/');
    return (
      other.method === method &&
      parts.length === segments.length &&
      parts.every((part, index) => part.startsWith('{') || part === segments[index])
    );
  });
}
