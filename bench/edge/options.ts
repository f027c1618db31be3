import { parseArgs } from 'node:util';

/**
 * Reads `--NAME N` for each of the defaults, `--out FILE` and positional words from the command line.
 * @throws on an unknown option or a value that is not a whole number
 */
export function readOptions<Name extends string>(
  defaults: Readonly<Record<Name, number>>,
): { readonly numbers: Readonly<Record<Name, number>>; readonly out: string | undefined; readonly words: string[] } {
  const names = Object.keys(defaults) as Name[];
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: Object.fromEntries([...names, 'out'].map((name) => [name, { type: 'string' as const }])),
  });
  const entries = names.map((name) => {
    const text = values[name];
    const number = text === undefined ? defaults[name] : Number(text);
    if (!Number.isSafeInteger(number) || number < 0)
      throw new Error(`--${name}: expected a whole number, got "${text}"`);
    return [name, number] as const;
  });
  const out = values.out;
  return {
    numbers: Object.fromEntries(entries) as Record<Name, number>,
    out: typeof out === 'string' ? out : undefined,
    words: positionals,
  };
}
