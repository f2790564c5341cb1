import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { debianCopy } from '../deploy/private-copy.ts';
import { repositoryFile } from '../harness/repository.ts';
import { ExampleProgram } from './example-program.ts';

const run = promisify(execFile);
const PACKAGES = ['php8.2-cli', 'php8.2-intl', 'php8.2-mbstring', 'php-laravel-framework'];
const EXTENSIONS = ['ctype', 'intl', 'mbstring', 'tokenizer'];

const clients = fileURLToPath(repositoryFile('clients/'));
const fixtures = fileURLToPath(repositoryFile('apps/e2e/sdk/fixtures/laravel/'));

/** A Laravel application with the PHP client as an installed package, run by a private copy of Debian's packages. */
export class LaravelApplication {
  private readonly folder: string;
  private readonly php: string;
  private readonly args: readonly string[];
  private readonly env: NodeJS.ProcessEnv;

  private constructor(folder: string, php: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.folder = folder;
    this.php = php;
    this.args = args;
    this.env = env;
  }

  /**
   * @param folder of the application, which is made
   * @param routes the program of `routes/api.php`
   * @param settings variables that the application has
   */
  static async make(folder: string, routes: string, settings: NodeJS.ProcessEnv): Promise<LaravelApplication> {
    const { home, libraries } = await debianCopy('e2e-laravel', PACKAGES);
    for (const each of ['bootstrap/cache', 'config', 'routes', 'storage', 'vendor/composer']) {
      await mkdir(join(folder, each), { recursive: true });
    }
    await cp(join(fixtures, 'app.php'), join(folder, 'config/app.php'));
    await writeFile(join(folder, 'routes/api.php'), `<?php\n${routes}`);
    // As Composer leaves it, from which Laravel learns of the service provider.
    const description: unknown = JSON.parse(await readFile(join(clients, 'php/composer.json'), 'utf8'));
    await writeFile(join(folder, 'vendor/composer/installed.json'), JSON.stringify({ packages: [description] }));
    const values = {
      include_path: join(home, 'usr/share/php'),
      extension_dir: join(home, 'usr/lib/php/20220829'),
    };
    const args = [
      '-n',
      ...Object.entries(values).flatMap(([name, value]) => ['-d', `${name}=${value}`]),
      ...EXTENSIONS.flatMap((name) => ['-d', `extension=${name}`]),
    ];
    const env = { ...settings, LD_LIBRARY_PATH: libraries, WA_GATE_CLIENTS: clients, LARAVEL_BASE: folder };
    return new LaravelApplication(folder, join(home, 'usr/bin/php8.2'), args, env);
  }

  /** @returns what `php artisan` prints */
  async artisan(...words: string[]): Promise<string> {
    const options = { cwd: this.folder, env: this.env };
    const { stdout } = await run(this.php, [...this.args, join(fixtures, 'application.php'), ...words], options);
    return stdout;
  }

  /** Serves its pages on a port of this machine. */
  serve(port: number): ExampleProgram {
    const args = [...this.args, '-S', `127.0.0.1:${port}`, join(fixtures, 'application.php')];
    return new ExampleProgram(this.php, args, { cwd: this.folder, env: this.env });
  }
}
