import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Recorded } from './recorded.ts';

/** A page of the documentation and the table that it shows. */
interface Place {
  readonly path: string;
  readonly table: (proof: Recorded) => string;
}

const root = join(import.meta.dirname, '../..');

/** In each page, the table is between two comments that name the engine. */
export const places = {
  compose: [
    { path: join(root, 'README.md'), table: shortTable },
    { path: join(root, 'docs/proof.md'), table: wholeTable },
  ],
  host: [{ path: join(root, 'docs/proof.md'), table: wholeTable }],
} as const satisfies Record<Recorded['engine'], readonly Place[]>;

/** Writes the tables of a proof into the documentation. */
export function showProof(proof: Recorded): void {
  for (const place of places[proof.engine]) {
    const page = readFileSync(place.path, 'utf8');
    writeFileSync(place.path, withTable(page, proof.engine, place.table(proof)));
  }
}

function withTable(page: string, engine: string, table: string): string {
  const [begin, end] = [`<!-- proof: ${engine} -->\n`, `<!-- end of proof: ${engine} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no place for the table of ${engine}: "${begin.trim()}" is missing`);
  return `${page.slice(0, from + begin.length)}\n${table}\n${page.slice(to)}`;
}

/** The table of the README: what fails, and what visitors notice. */
function shortTable({ scenarios }: Recorded): string {
  return table(
    ['', 'requests', 'failed', 'avoidable', 'p50', 'p99', 'failover', 'recovery'],
    scenarios.map((scenario) => {
      const { name, about, requests, failed, p50Ms, p99Ms, failoverMs, recoveryMs } = scenario;
      const cells = [requests, failed, avoidable(scenario)].map((value) => value.toLocaleString('en'));
      return [
        `\`${name}\`: ${about}`,
        ...cells,
        duration(p50Ms),
        duration(p99Ms),
        duration(failoverMs),
        duration(recoveryMs),
      ];
    }),
  );
}

function wholeTable(proof: Recorded): string {
  const { at, version, commit, nginx, scenarios, skipped } = proof;
  const rows = scenarios.map((scenario) => {
    const { name, requests, failed, retried, late, p50Ms, p99Ms, p999Ms, maxMs, failoverMs, recoveryMs } = scenario;
    const { alertsRaised, alertsDue } = scenario;
    const counts = [requests, failed, avoidable(scenario), retried, late].map((value) => value.toLocaleString('en'));
    const times = [p50Ms, p99Ms, p999Ms, maxMs, failoverMs, recoveryMs].map(duration);
    return [`\`${name}\``, ...counts, ...times, `${alertsRaised} of ${alertsDue}`];
  });
  const columns = ['', 'requests', 'failed', 'avoidable', 'retried', '>500 ms', 'p50', 'p99', 'p99.9', 'max'];
  const excused = scenarios.flatMap(({ name, excused: why }) =>
    why.map((row) => `- \`${name}\`: ${row.count} × ${row.what} (at most ${row.most}): ${row.why}.`),
  );
  return [
    `Recorded on ${at.slice(0, 10)}: version ${version}, commit ${commit}, nginx ${nginx}.\n`,
    table([...columns, 'failover', 'recovery', 'alerts'], rows),
    ...(excused.length > 0 ? ['Unavoidable failures:', '', ...excused, ''] : []),
    ...skipped.map(({ name, why }) => `\`${name}\` was not run: ${why}.\n`),
  ].join('\n');
}

function avoidable({ failed, excused }: Recorded['scenarios'][number]): number {
  return failed - excused.reduce((sum, { count }) => sum + count, 0);
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rule = `|${header.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`;
  return `${[line(header), rule, ...rows.map(line)].join('\n')}\n`;
}

function duration(ms: number | undefined): string {
  if (ms === undefined) return '';
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  return ms < 1_000 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(1)} s`;
}
