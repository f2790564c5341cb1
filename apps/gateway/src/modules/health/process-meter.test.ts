import { expect, it } from 'vitest';
import { createProcessMeter } from './process-meter.ts';

function signs(at: number, cpuMs: number) {
  const value = { at, cpuMs };
  return { value, now: () => value.at, cpuTime: () => value.cpuMs * 1_000 };
}

it('tells the load since the reading before (MR-110, MR-111, MR-112)', () => {
  const own = signs(10_000, 2_500);
  const meter = createProcessMeter(own);
  expect(meter.read()).toMatchObject({ uptime: 10, cpu: 25 });
  Object.assign(own.value, { at: 20_000, cpuMs: 12_500 });
  expect(meter.read()).toMatchObject({ uptime: 20, cpu: 100 });
  Object.assign(own.value, { at: 20_500, cpuMs: 12_500 });
  expect(meter.read().cpu).toBe(100);
  Object.assign(own.value, { at: 30_000, cpuMs: 12_500 });
  expect(meter.read().cpu).toBe(0);
});

it('knows what the process uses, and what it may use', () => {
  const { memory, uptime } = createProcessMeter().read();
  expect(memory.used).toBeGreaterThan(10);
  expect(memory.total).toBeGreaterThanOrEqual(memory.used);
  expect(uptime).toBeGreaterThanOrEqual(0);
});
