// Saves the results of a proof and writes them into the tables of the documentation:
//   ./bluegreen prove --json >proof.json && node docs/proof/record.ts proof.json
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseProof, writeRecorded } from './recorded.ts';
import { showProof } from './tables.ts';

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: node docs/proof/record.ts FILE (the output of ./bluegreen prove --json)\n');
  process.exit(2);
}
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
  cwd: import.meta.dirname,
  encoding: 'utf8',
}).trim();
const proof = parseProof({ ...JSON.parse(readFileSync(path, 'utf8')), commit });
writeRecorded(proof);
showProof(proof);
