import type { Answer, Question } from '@wa-gate/messaging';

/** How long a worker that runs may take. One that needs longer is asked by HTTP. */
const ANSWER_MS = 300;
/** In one frame, and waiting for answers. What comes above goes by HTTP, which has limits of its own. */
const MAX_TOGETHER = 500;
const MAX_WAITING = 2_000;

/**
 * Questions to one worker. Those of one turn of the event loop share a frame and a timer: under load the sockets are
 * most of what a call costs.
 */
export class Questions {
  readonly #send: (questions: Question[]) => void;
  readonly #waiting = new Map<number, (answer: unknown) => void>();
  #unsent: Question[] = [];
  #last = 0;

  constructor(send: (questions: Question[]) => void) {
    this.#send = send;
  }

  /** Resolves with `undefined` when the worker gives no answer. @returns `undefined` when there are too many */
  ask(question: Omit<Question, 'number'>): Promise<unknown> | undefined {
    if (this.#waiting.size >= MAX_WAITING) return undefined;
    this.#last += 1;
    const number = this.#last;
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    this.#unsent.push({ number, ...question });
    if (this.#unsent.length >= MAX_TOGETHER) this.#flush();
    return new Promise((resolve) => this.#waiting.set(number, resolve));
  }

  answered(answers: readonly Answer[]): void {
    for (const { number, answer } of answers) this.#settle(number, answer);
  }

  /** Nothing of what was asked will be answered. */
  end(): void {
    this.#unsent = [];
    for (const number of this.#waiting.keys()) this.#settle(number, undefined);
  }

  #settle(number: number, answer: unknown): void {
    const resolve = this.#waiting.get(number);
    this.#waiting.delete(number);
    resolve?.(answer);
  }

  #flush(): void {
    const questions = this.#unsent;
    if (questions.length === 0) return;
    this.#unsent = [];
    this.#send(questions);
    setTimeout(() => {
      for (const { number } of questions) this.#settle(number, undefined);
    }, ANSWER_MS).unref();
  }
}
