import { groups } from '../variables.ts';
import { generator } from './marked.ts';

/** `.env.example`: every setting with its default, commented out. */
export function envExample(): string {
  const sections = groups.map(({ title, settings }) => {
    const entries = Object.entries(settings).map(
      ([name, { about, default: value = '' }]) => `# ${about}.\n# ${name}=${value}\n`,
    );
    return `\n# ---- ${title} ----\n\n${entries.join('\n')}`;
  });
  return `# Copy to .env and uncomment what you want to change. Everything is optional.
# Generated from settings/variables.ts by "${generator}".
${sections.join('')}`;
}
