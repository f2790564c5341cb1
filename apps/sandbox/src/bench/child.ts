import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A child process of the bench that answers requests. */
export class Child<Request extends object, Answer extends { kind: string }> {
  readonly #process: ChildProcess;

  /** @param file module beside this one */
  constructor(file: string, execArgv: string[] = []) {
    this.#process = fork(fileURLToPath(new URL(file, import.meta.url)), [], { execArgv });
  }

  send(request: Request): void {
    this.#process.send(request);
  }

  /** Waits for an answer. The end of the child is an error. */
  async answer<K extends Answer['kind']>(kind: K): Promise<Extract<Answer, { kind: K }>> {
    const gone = new AbortController();
    try {
      const ended = once(this.#process, 'exit', { signal: gone.signal }).then(([code]) => {
        throw new Error(`a part of the bench ended with ${code}`);
      });
      const [message] = (await Promise.race([once(this.#process, 'message', { signal: gone.signal }), ended])) as [
        Answer,
      ];
      if (message.kind !== kind) throw new Error(`a part of the bench answered ${JSON.stringify(message)}`);
      return message as Extract<Answer, { kind: K }>;
    } finally {
      gone.abort();
    }
  }

  ask<K extends Answer['kind']>(request: Request, kind: K): Promise<Extract<Answer, { kind: K }>> {
    const answer = this.answer(kind);
    this.send(request);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exited = once(this.#process, 'exit');
    const force = setTimeout(() => this.#process.kill('SIGKILL'), 5000);
    this.#process.disconnect();
    await exited;
    clearTimeout(force);
  }
}
