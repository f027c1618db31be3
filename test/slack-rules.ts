/** Slack refuses a larger post. */
export const maxBodyBytes = 100 * 1024;

const maxBlocks = 50;
const maxHeaderChars = 150;
const maxTextChars = 3_000;
const maxFields = 10;
const maxFieldChars = 2_000;
const maxContextElements = 10;

/** Slack's error word for a post; undefined if the post is valid. */
export function faultOf(contentType: string | undefined, content: string): string | undefined {
  if (contentType?.split(';', 1)[0]?.trim() !== 'application/json') return 'invalid_payload';
  let body: unknown;
  try {
    body = JSON.parse(content);
  } catch {
    return 'invalid_payload';
  }
  if (!isRecord(body)) return 'invalid_payload';
  const { text, blocks, attachments } = body;
  if (text !== undefined && typeof text !== 'string') return 'invalid_payload';
  if (!text && blocks === undefined && attachments === undefined) return 'no_text';
  if (blocks !== undefined && !areBlocks(blocks)) return 'invalid_blocks';
  if (attachments === undefined) return undefined;
  if (!Array.isArray(attachments) || !attachments.every(isRecord)) return 'invalid_attachments';
  const wrong = attachments.some((attachment) => attachment.blocks !== undefined && !areBlocks(attachment.blocks));
  return wrong ? 'invalid_blocks' : undefined;
}

function areBlocks(blocks: unknown): boolean {
  return Array.isArray(blocks) && blocks.length <= maxBlocks && blocks.every(isBlock);
}

function isBlock(block: unknown): boolean {
  if (!isRecord(block)) return false;
  switch (block.type) {
    case 'header':
      return isText(block.text, maxHeaderChars) && block.text.type === 'plain_text';
    case 'section': {
      const { text, fields } = block;
      if (text === undefined && fields === undefined) return false;
      if (text !== undefined && !isText(text, maxTextChars)) return false;
      return fields === undefined || areTexts(fields, maxFields, maxFieldChars);
    }
    case 'context':
      return areTexts(block.elements, maxContextElements, maxTextChars);
    case 'divider':
      return true;
    case 'actions':
      return Array.isArray(block.elements) && block.elements.length > 0;
    default:
      return false;
  }
}

function areTexts(texts: unknown, maxCount: number, maxChars: number): boolean {
  if (!Array.isArray(texts) || texts.length === 0 || texts.length > maxCount) return false;
  return texts.every((text) => isText(text, maxChars));
}

function isText(text: unknown, maxChars: number): text is { readonly type: string; readonly text: string } {
  if (!isRecord(text) || (text.type !== 'plain_text' && text.type !== 'mrkdwn')) return false;
  return typeof text.text === 'string' && text.text.length > 0 && text.text.length <= maxChars;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
