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

/** Rows under a header, in columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const layOut = (line: readonly string[]) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd();
  return [coloured('bold', layOut(header)), ...rows.map(layOut)].join('\n');
}
