import { createWriteStream, type WriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Readable } from 'node:stream';

const TAIL_LINES = 300;

/**
 * The output of one process over all its restarts: the tail in memory for failure reports, the whole in a file for
 * searches.
 */
export class ProcessLog {
  readonly file: string;
  private readonly lines: string[] = [];
  private readonly stream: WriteStream;

  constructor(file: string) {
    this.file = file;
    this.stream = createWriteStream(file, { flags: 'a', mode: 0o600 });
  }

  follow(output: Readable): void {
    let rest = '';
    output.setEncoding('utf8');
    output.on('data', (chunk: string) => {
      this.stream.write(chunk);
      const parts = (rest + chunk).split('\n');
      rest = parts.pop() ?? '';
      this.push(parts);
    });
    output.on('end', () => {
      if (rest !== '') this.push([rest]);
    });
  }

  /** Adds a line of the harness, such as the reason of a restart. */
  note(text: string): void {
    this.push([`--- ${text}`]);
  }

  tail(lines = 60): string {
    return this.lines.slice(-lines).join('\n');
  }

  /** The whole output so far; waits for the file. */
  async everything(): Promise<string> {
    await new Promise<void>((resolve) => {
      this.stream.write('', () => resolve());
    });
    return readFile(this.file, 'utf8');
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.stream.end(() => resolve());
    });
  }

  private push(lines: string[]): void {
    this.lines.push(...lines);
    if (this.lines.length > TAIL_LINES) this.lines.splice(0, this.lines.length - TAIL_LINES);
  }
}
