import { createLogger } from '@wa-gate/kit';
import { expect, it } from 'vitest';
import { requestLogger } from './request-logger.ts';

function listen(level: string) {
  const lines: Record<string, unknown>[] = [];
  const parent = createLogger({
    service: 'test',
    level,
    destination: { write: (line: string) => void lines.push(JSON.parse(line)) },
  });
  return { lines, parent };
}

it('says what is said with the bindings of the request, at the levels that are on', () => {
  const { lines, parent } = listen('info');
  const log = requestLogger(parent, { reqId: 'req_1' });
  log.debug('no');
  log.info({ code: 'X' }, 'yes');
  log.child({ part: 'a' }).warn('below');
  expect(log.level).toBe('info');
  expect(lines).toMatchObject([
    { level: 'info', reqId: 'req_1', code: 'X', msg: 'yes' },
    { level: 'warn', reqId: 'req_1', part: 'a', msg: 'below' },
  ]);
});

it('makes no child for a request that has nothing to say', () => {
  const { parent } = listen('warn');
  let children = 0;
  const child = parent.child.bind(parent);
  parent.child = ((...options: Parameters<typeof child>) => {
    children += 1;
    return child(...options);
  }) as typeof parent.child;
  const log = requestLogger(parent, { reqId: 'req_1' });
  log.debug('no');
  log.info('no');
  expect(children).toBe(0);
  log.error('yes');
  log.error('again');
  expect(children).toBe(1);
});
