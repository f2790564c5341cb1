import type { AnswerJudge } from '../openapi/answer-judge.ts';
import type { Operation } from '../openapi/document.ts';
import type { FuzzCase } from './cases.ts';
import type { FuzzAnswer } from './send-case.ts';

/** A request for less than this is never answered later. */
export const SLOW_MS = 5_000;

/** 503s that are true in a run: a session of a network without workers, and one that changes its worker. */
const TRUE_503 = new Set(['NO_WORKER', 'SESSION_MOVING']);
/** Where a path or method was made wrong, there is no route. */
const NO_ROUTE = new Set(['ROUTE_NOT_FOUND', 'BAD_REQUEST']);

/** Judges one answer; null: as it should be. */
export function verdictOn(
  planned: FuzzCase,
  answer: FuzzAnswer,
  { judge, operations }: { judge: AnswerJudge; operations: ReadonlyMap<string, Operation> },
): string | null {
  const code = (answer.body as { code?: string } | undefined)?.code ?? '';
  if (answer.status >= 500 && !(answer.status === 503 && TRUE_503.has(code))) return `status ${answer.status} ${code}`;
  if (answer.ms > SLOW_MS) return `answered after ${Math.round(answer.ms)} ms`;
  // A preflight, or what lacks the headers of one: @fastify/cors answers before any route.
  if (planned.method === 'OPTIONS' && (answer.status === 204 || answer.status === 400)) return null;
  const isElsewhere = planned.method !== planned.operation.method;
  const operation = operations.get(`${planned.method} ${planned.operation.path}`);
  const hasWrongPath = planned.wrongPath.length > 0;
  const isRefused = answer.status >= 400;
  if (isRefused && ((hasWrongPath && NO_ROUTE.has(code)) || (isElsewhere && !operation)))
    return judge.problemOfRefusal(answer);
  if (!operation) return `${planned.method} is no method of this path, and it answered ${answer.status} ${code}`;
  return judge.problemOf(operation, answer);
}
