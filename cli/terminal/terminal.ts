import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Adds color if the stream is a terminal that supports it (respects NO_COLOR and FORCE_COLOR). */
function paint(style: Style, text: string, stream: NodeJS.WriteStream): string {
  return styleText(style, text, { stream });
}

/** The escape sequences of our own colors. */
const ownStyles = new Set(
  (['bold', 'dim', 'red', 'yellow', 'green', 'cyan'] as const).flatMap((style) =>
    styleText(style, ' ', { validateStream: false }).split(' '),
  ),
);

/** Removes what a terminal would interpret or what hides text, except for our own colors and line ends. */
function sanitized(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/(?![\n\t])\p{Cc}(?:\[\d+m)?|[\p{Zl}\p{Zp}]/gu, (found) => (ownStyles.has(found) ? found : ' '))
    .replaceAll(/\p{Cf}/gu, '');
}

/** Prints text on stderr, which may quote text from outside. */
export function printToStderr(text: string): void {
  process.stderr.write(`${sanitized(text)}\n`);
}

/** Prints progress on stderr. */
export function progress(text: string): void {
  printToStderr(`${paint('cyan', '==>', process.stderr)} ${text}`);
}

export function warning(text: string): void {
  printToStderr(`${paint('yellow', 'warning:', process.stderr)} ${text}`);
}

/** Prints a result on stdout. */
export function print(text: string): void {
  process.stdout.write(`${sanitized(text)}\n`);
}

/** Prints JSON on stdout, with control characters escaped, which means the same to a parser. */
export function printJson(value: unknown): void {
  const unit = (one: string) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`;
  const text = JSON.stringify(value, undefined, 2).replaceAll(/(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (found) =>
    found.replaceAll(/./gs, unit),
  );
  process.stdout.write(`${text}\n`);
}

export function styledForStderr(style: Style, text: string): string {
  return paint(style, text, process.stderr);
}

export function styledForStdout(style: Style, text: string): string {
  return paint(style, text, process.stdout);
}

/** Text from outside on one line, without anything that a terminal would interpret or that hides text. */
export function printable(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/\p{Cf}/gu, '');
}

/** Cuts a text to the width of a terminal. */
export function clipped(text: string, columns: number): string {
  const characters = [...text];
  return characters.length <= columns ? text : `${characters.slice(0, columns - 1).join('')}…`;
}

/** A header and rows, in columns as wide as their widest cell. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const [first = '', ...others] = inColumns([header, ...rows]);
  return [styledForStdout('bold', first), ...others].join('\n');
}

/** Aligns the cells of all rows, in printable characters. */
export function inColumns(cells: readonly (readonly string[])[]): string[] {
  const lines = cells.map((line) => line.map(printable));
  const widths = lines[0]?.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0))) ?? [];
  return lines.map((line) =>
    line
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

/** Runs one of several cleanup steps. If it fails, a warning is printed, and the other steps still run. */
export async function attempt(fault: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    warning(`${fault}: ${messageOf(error)}`);
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
