import { describe, expect, it } from 'vitest';
import { Scrape } from '../test/scrape.ts';
import { durationBounds } from './bounds.ts';
import { Durations } from './durations.ts';
import { Exposition, oneOf, single } from './exposition.ts';

const scrape = async (exposition: Exposition) => new Scrape((await exposition.text()).text);

describe('an exposition', () => {
  it('reads its metrics at each scrape', async () => {
    const exposition = new Exposition();
    let count = 0;
    exposition.counter({ name: 'things_total', help: 'Things.' }, () => single(count));
    expect((await scrape(exposition)).value('things_total')).toBe(0);
    count = 7;
    expect((await scrape(exposition)).value('things_total')).toBe(7);
    expect((await scrape(exposition)).value('things_total')).toBe(7);
  });

  it('drops a series that no longer exists', async () => {
    const exposition = new Exposition();
    let pools = ['blue', 'green'];
    exposition.gauge({ name: 'up_now', help: 'Up.', labels: ['pool'] }, () => pools.map((pool) => [[pool], 1]));
    expect(Object.keys((await scrape(exposition)).of('up_now'))).toHaveLength(2);
    pools = ['green'];
    expect((await scrape(exposition)).of('up_now')).toEqual({ '{pool="green"}': 1 });
  });

  it('has no series for an unknown value', async () => {
    const exposition = new Exposition();
    let known = false;
    exposition.gauge({ name: 'last_seconds', help: 'Last.' }, () => (known ? single(5) : []));
    expect((await scrape(exposition)).has('last_seconds')).toBe(false);
    known = true;
    expect((await scrape(exposition)).value('last_seconds')).toBe(5);
  });

  it('is in the text format of Prometheus', async () => {
    const exposition = new Exposition();
    exposition.gauge({ name: 'kind', help: 'Which.', labels: ['name'] }, () => oneOf(['a', 'b"\\\n'], 'a'));
    const { contentType, text } = await exposition.text();
    expect(contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(text).toBe('# HELP kind Which.\n# TYPE kind gauge\nkind{name="a"} 1\nkind{name="b\\"\\\\\\n"} 0\n');
  });
});

describe('a histogram', () => {
  it('has cumulative buckets, in seconds', async () => {
    const times = new Durations();
    for (const ms of [0, 1, 2, 3, 10_000, 10_001, 0.4, 1.5]) times.count(ms);
    const exposition = new Exposition();
    exposition.durations({ name: 'took_seconds', help: 'Took.', labels: ['pool'] }, () => [[['blue'], times]]);
    const found = await scrape(exposition);
    const bucket = (le: string) => found.value(`took_seconds_bucket{le="${le}",pool="blue"}`);
    expect(['0.001', '0.002', '0.005', '5', '10', '+Inf'].map(bucket)).toEqual([3, 5, 6, 6, 7, 8]);
    expect(found.value('took_seconds_count{pool="blue"}')).toBe(8);
    expect(found.value('took_seconds_sum{pool="blue"}')).toBeCloseTo(20.0089, 6);
    expect(Object.keys(found.of('took_seconds_bucket'))).toHaveLength(durationBounds.buckets);
    expect(found.text).toContain('# TYPE took_seconds histogram\n');
  });
});
