// A typical log watcher in Node: readline and a regular expression. Its only argument is the log.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';

const pattern =
  /^pool=(\S+) release=(\S+) active=(\S+) route=\S+ upstream_status="([^"]*)" .* request_time=(\S+) .* status=(\d+) msec=(\S+) /;
const window: boolean[] = [];
let failed = 0;
let lines = 0;

for await (const line of createInterface({ input: createReadStream(process.argv[2] ?? '') })) {
  const match = pattern.exec(line);
  if (match === null) continue;
  lines++;
  const isFailed = /5\d\d/.test(match[4] ?? '');
  window.push(isFailed);
  if (isFailed) failed++;
  if (window.length > 200 && window.shift()) failed--;
}
process.stdout.write(`${lines} lines, ${failed} failed in the last ${window.length}\n`);
if (lines === 0) process.exitCode = 1;
