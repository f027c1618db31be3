import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colour where the stream is a terminal that wants it (NO_COLOR and FORCE_COLOR count). */
function paint(style: Style, text: string, stream: NodeJS.WriteStream): string {
  return styleText(style, text, { stream });
}

/** Progress, for the person who waits. */
export function progress(text: string): void {
  process.stderr.write(`${paint('cyan', '==>', process.stderr)} ${text}\n`);
}

export function warning(text: string): void {
  process.stderr.write(`${paint('yellow', 'warning:', process.stderr)} ${text}\n`);
}

/** A result, for whoever reads the output. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** For progress, on stderr. */
export function painted(style: Style, text: string): string {
  return paint(style, text, process.stderr);
}

export function coloured(style: Style, text: string): string {
  return paint(style, text, process.stdout);
}

/** What comes from outside, on one line and without anything that a terminal would obey or that hides what follows. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Cf}/gu, '');
}

/** Rows under a header, in columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const [first = '', ...others] = inColumns([header, ...rows]);
  return [coloured('bold', first), ...others].join('\n');
}

/** Each line's cells below those of the others. */
export function inColumns(lines: readonly (readonly string[])[]): string[] {
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
