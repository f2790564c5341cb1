import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { debianCopy, npmCopy } from './private-copy.ts';

/** What `ldd node` names, and what a process expects of a system: certificates, time zones, names of services. */
const RUNTIME = ['libc6', 'libgcc-s1', 'libstdc++6', 'base-files', 'ca-certificates', 'netbase', 'tzdata'];
/** For compiling: a shell with its usual tools, and the first process of the images. */
const TOOLS = [
  'dash',
  'coreutils',
  'sed',
  'grep',
  'libacl1',
  'libattr1',
  'libgmp10',
  'libpcre2-8-0',
  'libselinux1',
  'tini',
];
const NODE_24 = '24.21.0';

/**
 * Writes the root of a base image, Debian 12 with Node 24, from Debian's packages and the npm package of Node: there is
 * no registry here.
 *
 * @param kind `run` has no shell, `build` has one
 */
export async function writeBase(root: string, kind: 'run' | 'build'): Promise<void> {
  const runtime = await debianCopy('image-runtime', RUNTIME, 'none');
  const node = join(await npmCopy(`node-linux-${process.arch}`, NODE_24), `node-linux-${process.arch}`);
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true });
  const copy = (from: string, to: string) => cp(from, join(root, to), { recursive: true, verbatimSymlinks: true });
  await copy(runtime.home, '.');
  await copy(join(node, 'bin', 'node'), 'usr/local/bin/node');
  for (const folder of ['dev', 'etc', 'proc', 'sys', 'tmp', 'root', 'run']) {
    await mkdir(join(root, folder), { recursive: true, mode: folder === 'tmp' ? 0o1777 : 0o755 });
  }
  await writeFile(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/tmp:/bin/false\n');
  await writeFile(join(root, 'etc/group'), 'root:x:0:\nnode:x:1000:\n');
  await mkdir(join(root, 'etc/ssl/certs'), { recursive: true });
  const roots = join(root, 'usr/share/ca-certificates/mozilla');
  const certificates = await Promise.all(
    (await readdir(roots)).filter((name) => name.endsWith('.crt')).map((name) => readFile(join(roots, name), 'utf8')),
  );
  await writeFile(join(root, 'etc/ssl/certs/ca-certificates.crt'), certificates.join('\n'));
  if (kind === 'run') return;
  const tools = await debianCopy('image-tools', TOOLS, 'none');
  await copy(tools.home, '.');
  const shell = join(root, 'bin/sh');
  if (!existsSync(shell)) await symlink('dash', shell);
}
