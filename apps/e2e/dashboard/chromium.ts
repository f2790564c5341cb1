import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { debianCopy } from '../deploy/private-copy.ts';
import { loadScripts } from '../deploy/scripts.ts';

const PROGRAMS = ['chromium-headless-shell', 'chromium', 'google-chrome-stable', 'google-chrome'];
const PACKAGES = ['chromium-headless-shell', 'fonts-liberation', 'fonts-noto-color-emoji'];

/** Milliseconds. A browser is there after one or two seconds, and on a busy machine after many more. */
const LAUNCH_MS = 180_000;

/** As root the browser has no sandbox of its own; nothing of it calls home. */
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-dev-shm-usage',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

interface Program {
  path: string;
  env: Record<string, string>;
}

/** The browser that CHROMIUM_PATH names, one of the machine, else a private copy of Debian's. Nothing is installed. */
async function findChromium(settings: string): Promise<Program> {
  const { onPath } = await loadScripts();
  const asked = process.env.CHROMIUM_PATH;
  const present = asked ?? PROGRAMS.map((name) => onPath(name, process.env.PATH)).find((path) => path !== undefined);
  if (present !== undefined) return { path: present, env: {} };
  const { home, libraries } = await debianCopy('chromium', PACKAGES);
  const path = [
    'usr/lib/chromium/headless_shell',
    'usr/lib/chromium/chromium-headless-shell',
    'usr/bin/chromium-headless-shell',
  ]
    .map((file) => join(home, file))
    .find(existsSync);
  if (path === undefined) {
    throw new Error(`There is no browser in ${home}. Install chromium, or set CHROMIUM_PATH to one.`);
  }
  // The fonts of the copy are not where the libraries look for them.
  const fonts = join(settings, 'fonts.conf');
  await writeFile(
    fonts,
    `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>` +
      `<dir>${join(home, 'usr/share/fonts')}</dir><dir>/usr/share/fonts</dir><cachedir>${join(settings, 'fonts')}</cachedir>` +
      `<alias><family>system-ui</family><prefer><family>Liberation Sans</family></prefer></alias>` +
      `<alias><family>monospace</family><prefer><family>Liberation Mono</family></prefer></alias></fontconfig>`,
  );
  return { path, env: { LD_LIBRARY_PATH: libraries, FONTCONFIG_FILE: fonts } };
}

/** A running browser. One is enough for a file of tests: contexts are apart from each other. */
export interface RunningBrowser {
  browser: Browser;
  stop(): Promise<void>;
}

export async function startBrowser(): Promise<RunningBrowser> {
  const settings = await mkdtemp(join(tmpdir(), 'wa-gate-browser-'));
  const { path, env } = await findChromium(settings);
  const browser = await chromium.launch({
    executablePath: path,
    args: ARGUMENTS,
    timeout: LAUNCH_MS,
    env: { ...(process.env as Record<string, string>), HOME: settings, ...env },
  });
  return {
    browser,
    async stop() {
      await browser.close();
      await rm(settings, { recursive: true, force: true });
    },
  };
}
