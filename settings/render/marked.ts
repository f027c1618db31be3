/** Writes the generated files and parts. */
export const generator = 'node settings/generate.ts';

/** The lines around the generated part of a file that is otherwise written by hand. */
export interface Marks {
  readonly begin: string;
  readonly end: string;
}

/** @throws {Error} when one of the lines is missing */
export function replaceMarked(file: string, { begin, end }: Marks, content: string): string {
  const from = file.indexOf(`${begin}\n`);
  const to = file.indexOf(end, from);
  if (from < 0 || to < 0) throw new Error(`expected a line "${begin.trim()}" and a line "${end.trim()}" after it`);
  return file.slice(0, from + begin.length + 1) + content + file.slice(to);
}
