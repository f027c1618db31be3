import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { composeWithEnvironment, markedFiles } from './render/compose-environment.ts';
import { edgeScript } from './render/edge-script.ts';
import { envExample } from './render/env-example.ts';
import { replaceMarked } from './render/marked.ts';
import { commonSettings, settingsPage } from './render/tables.ts';

/** The files that follow from `settings/variables.ts`, by path, as they should be. */
export function generatedFiles(root: string): Readonly<Record<string, string>> {
  const contents = (path: string) => readFileSync(join(root, path), 'utf8');
  const readmeMarks = { begin: '<!-- settings -->', end: '<!-- end of settings -->' };
  return {
    'edge-settings.sh': edgeScript(),
    ...Object.fromEntries(markedFiles.map((path) => [path, composeWithEnvironment(path, contents(path))])),
    '.env.example': envExample(),
    'docs/settings.md': settingsPage(),
    'README.md': replaceMarked(contents('README.md'), readmeMarks, `\n${commonSettings()}\n`),
  };
}
