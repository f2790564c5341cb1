import { newId } from '@wa-gate/kit';
import type { FastifyRequest } from 'fastify';
import type { SpooledFile } from './spooled-file.ts';

/**
 * The files that came inside of a request, by the text that stands for each in its body. They are removed with the
 * answer.
 */
export interface RequestFiles {
  /** Keeps a file, and returns the text that stands for it: letters that base64 has too. */
  add(file: SpooledFile): string;
  /** The file that a text stands for; `undefined`: it stands for itself. */
  find(text: string): SpooledFile | undefined;
  dispose(): Promise<void>;
}

function createRequestFiles(): RequestFiles {
  const files = new Map<string, SpooledFile>();
  let isOver = false;
  return {
    add(file) {
      const text = `wag-file-${newId()}`;
      files.set(text, file);
      // The caller hung up while it was read.
      if (isOver) void file[Symbol.asyncDispose]();
      return text;
    },
    find: (text) => files.get(text),
    async dispose() {
      isOver = true;
      await Promise.all([...files.values()].map((file) => file[Symbol.asyncDispose]()));
    },
  };
}

const ofRequests = new WeakMap<FastifyRequest, RequestFiles>();

/** The files of a request; made with the first one. */
export function requestFiles(request: FastifyRequest): RequestFiles {
  const known = ofRequests.get(request);
  if (known) return known;
  const made = createRequestFiles();
  ofRequests.set(request, made);
  return made;
}

/** For the hook at the end of a request. */
export async function disposeRequestFiles(request: FastifyRequest): Promise<void> {
  await ofRequests.get(request)?.dispose();
}
