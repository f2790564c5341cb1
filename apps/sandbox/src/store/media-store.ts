import { randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream, mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

/** Paths under which files are served: `/v/t62.7118-24/<token>`. */
const PREFIX = '/v/t62.7118-24/';

/** The encrypted files of the media host, one file each. They are ciphertext: only chat members can open them. */
export class MediaStore {
  private readonly directory: string;
  private readonly temporary: boolean;

  private constructor(directory: string, temporary: boolean) {
    this.directory = directory;
    this.temporary = temporary;
  }

  /** @param dataDir null keeps the files in a temporary directory that `close` removes */
  static async open(dataDir: string | null): Promise<MediaStore> {
    if (dataDir === null) return new MediaStore(await mkdtemp(join(tmpdir(), 'wag-sandbox-media-')), true);
    const directory = join(dataDir, 'media');
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    return new MediaStore(directory, false);
  }

  async put(bytes: Buffer): Promise<string> {
    const token = newToken();
    await writeFile(this.file(`${token}.part`), bytes, { mode: 0o600 });
    await rename(this.file(`${token}.part`), this.file(token));
    return PREFIX + token;
  }

  async receive(source: Readable): Promise<string> {
    const token = newToken();
    const part = this.file(`${token}.part`);
    try {
      await pipeline(source, createWriteStream(part, { mode: 0o600 }));
    } catch (error) {
      await rm(part, { force: true });
      throw error;
    }
    await rename(part, this.file(token));
    return PREFIX + token;
  }

  async read(path: string): Promise<Buffer | null> {
    const file = this.fileOf(path);
    if (!file) return null;
    try {
      return await readFile(file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error;
    }
  }

  /** Size of a file, or null when there is none under this path. */
  async size(path: string): Promise<number | null> {
    const file = this.fileOf(path);
    if (!file) return null;
    return stat(file).then(
      (found) => found.size,
      () => null,
    );
  }

  stream(path: string, start: number, end: number): Readable | null {
    const file = this.fileOf(path);
    return file ? createReadStream(file, { start, end }) : null;
  }

  clear(): void {
    rmSync(this.directory, { recursive: true, force: true });
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
  }

  close(): void {
    if (this.temporary) rmSync(this.directory, { recursive: true, force: true });
  }

  private file(token: string): string {
    return join(this.directory, token);
  }

  private fileOf(path: string): string | null {
    const match = /^\/v\/t62\.7118-24\/([\w-]{22})$/.exec(path.split('?')[0]!);
    return match ? this.file(match[1]!) : null;
  }
}

const newToken = () => randomBytes(16).toString('base64url');
