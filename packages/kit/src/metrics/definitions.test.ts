import { describe, expect, it } from 'vitest';
import { BASE_UNITS, METRICS, type MetricDefinition } from './definitions.ts';
import { createInstruments } from './instruments.ts';

const entries = Object.entries(METRICS) as [keyof typeof METRICS, MetricDefinition][];

describe('names of metrics (MR-125)', () => {
  it.each(entries)('%s says its unit and its type', (name, { type, unit, help, buckets }) => {
    expect(name).toMatch(/^wag(_[a-z]+)+$/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
    const stem = name.replace(/_total$/, '');
    for (const base of BASE_UNITS) expect([base, stem.endsWith(`_${base}`)]).toEqual([base, unit === base]);
    expect(help).toMatch(/^[A-Z0-9].*\.$/s);
    expect(buckets === undefined).toBe(type !== 'histogram');
    expect([...(buckets ?? [])].sort((a, b) => a - b)).toEqual(buckets ?? []);
  });

  it('no label names what may be many: sessions, numbers, addresses, people', () => {
    const labels = entries.flatMap(([, { labels = {} }]) => Object.keys(labels));
    expect(
      labels.filter((label) => /session|number|phone|jid|mail|user|workspace|address|url|path|key/i.test(label)),
    ).toEqual([]);
  });
});

describe('instruments', () => {
  const make = () => createInstruments({ service: 'test', version: '1.2.3' });

  it('begin series of known labels at 0, and others with their first value', async () => {
    const instruments = make();
    instruments.counter('wag_message_outcomes_total').inc({ state: 'sent' });
    instruments.counter('wag_http_requests_total');
    instruments.histogram('wag_http_request_duration_seconds');
    const text = await instruments.registry.metrics();
    expect(text).toContain('wag_message_outcomes_total{state="sent",service="test"} 1');
    expect(text).toContain('wag_message_outcomes_total{state="failed",service="test"} 0');
    expect(text).toContain('wag_http_request_duration_seconds_count{service="test",class="live"} 0');
    expect(text).toContain('# TYPE wag_http_requests_total counter');
    expect(text).not.toContain('wag_http_requests_total{');
    expect(text).toContain(`wag_build_info{version="1.2.3",node="${process.version}",service="test"} 1`);
  });

  it('read what something else counts at each scrape', async () => {
    const instruments = make();
    let stored = 3;
    instruments.readCounter('wag_system_log_lines_total', () => [[{ outcome: 'stored' }, stored]]);
    expect(await instruments.registry.metrics()).toContain('{outcome="stored",service="test"} 3');
    stored = 5;
    expect(await instruments.registry.metrics()).toContain('{outcome="stored",service="test"} 5');
  });

  it('make a name once', () => {
    const instruments = make();
    instruments.gauge('wag_redis_up');
    expect(() => instruments.gauge('wag_redis_up')).toThrow(/wag_redis_up/);
  });
});
