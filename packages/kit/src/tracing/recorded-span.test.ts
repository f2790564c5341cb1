import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { expect, test } from 'vitest';
import { RecordedSpan, type SpanOrigin } from './recorded-span.ts';
import type { SpanOptions } from './span.ts';

const ids = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

function begin(options: SpanOptions = {}): { span: RecordedSpan; ended: ReadableSpan[] } {
  const ended: ReadableSpan[] = [];
  const origin: SpanOrigin = {
    resource: resourceFromAttributes({}),
    instrumentationScope: { name: 'test' },
    onEnd: (span) => void ended.push(span),
  };
  return { span: new RecordedSpan(origin, 'asks', options, ids, undefined), ended };
}
const ms = ([seconds, nanos]: readonly [number, number]): number => seconds * 1_000 + nanos / 1e6;

test('a span begins now, or when it is said to have begun, and lasts until it ends', async () => {
  const before = Date.now();
  const { span } = begin();
  const { span: late } = begin({ startedAt: new Date(before - 5_000) });
  await new Promise((resolve) => setTimeout(resolve, 20));
  span.end();
  late.end();
  const after = Date.now();
  expect(ms(span.startTime)).toBeGreaterThanOrEqual(before);
  expect(ms(span.endTime)).toBeLessThanOrEqual(after + 2);
  expect(ms(span.duration)).toBeGreaterThanOrEqual(19);
  expect(ms(span.endTime) - ms(span.startTime)).toBeCloseTo(ms(span.duration), 1);
  expect(ms(late.startTime)).toBe(before - 5_000);
  expect(ms(late.endTime)).toBeGreaterThanOrEqual(before + 18);
  expect(ms(late.endTime)).toBeLessThanOrEqual(after + 2);
  for (const [seconds, nanos] of [span.startTime, span.endTime, late.endTime]) {
    expect(Number.isInteger(seconds) && Number.isInteger(nanos) && nanos < 1e9).toBe(true);
  }
});

test('it is handed over once, and takes nothing afterwards', () => {
  const { span, ended } = begin({ attributes: { given: 1, 'not given': undefined } });
  span.set({ later: 'yes', 'not given': undefined });
  span.end();
  span.set({ after: 1 });
  span.rename('other');
  span.fail(new Error('late'));
  span.end();
  expect(ended).toEqual([span]);
  expect(span.attributes).toEqual({ given: 1, later: 'yes' });
  expect([span.name, span.status.code, span.isRecording]).toEqual(['asks', 0, false]);
});

test('a failure is told by its code, else by its name', () => {
  const { span } = begin();
  span.fail(new TypeError('with a secret'));
  expect(span.attributes['error.type']).toBe('TypeError');
  span.fail({ code: '503' });
  expect(span.attributes['error.type']).toBe('503');
  expect(span.status.code).toBe(2);
});
