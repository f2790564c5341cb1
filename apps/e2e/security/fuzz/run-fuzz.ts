import { Agent } from 'node:http';
import { AnswerJudge } from '../openapi/answer-judge.ts';
import type { ApiDocument } from '../openapi/document.ts';
import type { ResourceKind } from '../world/resource-kinds.ts';
import type { FuzzCase } from './cases.ts';
import { describeRequest, type FuzzAnswer, requestOf, type SentRequest, send } from './send-case.ts';
import { SLOW_MS, verdictOn } from './verdict.ts';

/** The senders and resources of a run. The run changes both. */
export interface FuzzCast {
  /** Headers with the credential of the actor; waits while a lost one is replaced. */
  headersOf(planned: FuzzCase): Promise<Record<string, string>>;
  idOf(planned: FuzzCase, kind: ResourceKind, index: number): string;
  /** Handles every answer: adds new ids, replaces deleted resources, reverts changes that would stop the run. */
  observe(planned: FuzzCase, answer: FuzzAnswer): Promise<void>;
}

export interface Finding {
  index: number;
  operation: string;
  problem: string;
  mutations: string[];
  actor: string;
  request: string;
  answer: string;
}

export interface FuzzReport {
  requests: number;
  seconds: number;
  findings: Finding[];
  slowestMs: number;
  /** The counts of statuses by operation. */
  statuses: Map<string, Map<number, number>>;
}

const CONCURRENCY = 16;
/** Milliseconds after which a request counts as hanging, which is a finding. */
const HANG_MS = 30_000;

/** Sends all requests of a plan, a few at a time on kept connections, and checks every answer. */
export async function runFuzz(
  url: string,
  document: ApiDocument,
  cases: readonly FuzzCase[],
  cast: FuzzCast,
): Promise<FuzzReport> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
  const judge = new AnswerJudge(document);
  const operations = new Map(document.operations.map((operation) => [operation.id, operation]));
  const report: FuzzReport = { requests: 0, seconds: 0, findings: [], slowestMs: 0, statuses: new Map() };
  const begun = performance.now();
  const waiting = cases.values();

  async function one(planned: FuzzCase): Promise<void> {
    const sent = requestOf(planned, await cast.headersOf(planned), (kind, index) => cast.idOf(planned, kind, index));
    const found = (problem: string, answer: string) => {
      const { index, mutations, actor, operation } = planned;
      report.findings.push({
        index,
        operation: operation.id,
        problem,
        mutations,
        actor,
        request: describeRequest(sent),
        answer,
      });
    };
    report.requests++;
    try {
      const answer = await sendOnceMoreIfSlow(sent);
      count(report, planned, answer);
      const problem = verdictOn(planned, answer, { judge, operations });
      if (problem) found(problem, describeAnswer(answer));
      await cast.observe(planned, answer);
    } catch (error) {
      found(`no answer: ${(error as Error).message}`, '');
    }
  }

  /** Repeats a slow request: after a pause of the machine it is quick. */
  async function sendOnceMoreIfSlow(sent: SentRequest): Promise<FuzzAnswer> {
    const answer = await send(agent, url, sent, HANG_MS);
    if (answer.ms <= SLOW_MS) return answer;
    const { ms } = await send(agent, url, sent, HANG_MS);
    return { ...answer, ms: Math.min(ms, answer.ms) };
  }

  async function worker(): Promise<void> {
    for (const planned of waiting) await one(planned);
  }

  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  agent.destroy();
  report.seconds = (performance.now() - begun) / 1_000;
  return report;
}

function count(report: FuzzReport, planned: FuzzCase, { status, ms }: FuzzAnswer): void {
  report.slowestMs = Math.max(report.slowestMs, ms);
  if (planned.method !== planned.operation.method) return;
  const statuses = report.statuses.get(planned.operation.id) ?? new Map<number, number>();
  statuses.set(status, (statuses.get(status) ?? 0) + 1);
  report.statuses.set(planned.operation.id, statuses);
}

function describeAnswer({ status, contentType, body, ms }: FuzzAnswer): string {
  const text = Buffer.isBuffer(body) ? `${body.length} bytes` : JSON.stringify(body);
  return `${status} ${contentType ?? ''} after ${Math.round(ms)} ms${ms > SLOW_MS ? ' (slow)' : ''}: ${(text ?? '').slice(0, 600)}`;
}
