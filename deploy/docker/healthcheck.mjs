/**
 * HEALTHCHECK of the images, which have no shell and no curl: `node /app/healthcheck.mjs <variable> <path>` asks the
 * process on the port that the variable holds. Exit code 0 for a 2xx within two seconds, else 1.
 */
import { request } from 'node:http';

const [variable = '', path = ''] = process.argv.slice(2);

/**
 * @param {number} code
 * @param {string} why
 */
function end(code, why) {
  process.stdout.write(`${why}\n`);
  process.exit(code);
}

const asking = request({ host: '127.0.0.1', port: process.env[variable], path, timeout: 2_000 }, (response) => {
  const { statusCode = 0 } = response;
  end(statusCode >= 200 && statusCode < 300 ? 0 : 1, `${path} answered ${statusCode}`);
});
asking.on('timeout', () => end(1, `${path} did not answer within 2 s`));
asking.on('error', (error) => end(1, `${path}: ${error.message}`));
asking.end();
