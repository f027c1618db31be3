import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generatedFiles } from './generated-files.ts';

// Writes every file that follows from settings/variables.ts and differs from it.
const root = join(import.meta.dirname, '..');
for (const [path, text] of Object.entries(generatedFiles(root))) {
  const file = join(root, path);
  if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
  writeFileSync(file, text);
  process.stdout.write(`${path}\n`);
}
