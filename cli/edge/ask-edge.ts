import { Agent, buildConnector } from 'undici';
import { lookupAs } from '../../system/lookup.ts';
import { edgeAddress, edgeUrl, type Stack } from '../stack/stack.ts';
import { type Answer, type AskOptions, ask } from './http.ts';

const agents = new Map<string, Agent>();

/**
 * Sends a request to the edge on this machine, under the URL that visitors use, even if its name leads elsewhere or nowhere.
 * Its certificate is not verified: a new stack has none of a CA yet.
 */
export function askEdge(stack: Stack, path: string, options: AskOptions = {}): Promise<Answer> {
  const url = edgeUrl(stack);
  const { hostname } = new URL(url);
  return ask(url + path, { ...options, dispatcher: agentFor(edgeAddress(stack.settings), hostname) });
}

function agentFor(address: string, servername: string): Agent {
  const key = `${address} ${servername}`;
  const known = agents.get(key);
  if (known !== undefined) return known;
  const connect = buildConnector({ lookup: lookupAs(address), rejectUnauthorized: false });
  // undici would take the name for TLS from a Host header.
  const agent = new Agent({ connect: (options, connected) => connect({ ...options, servername }, connected) });
  agents.set(key, agent);
  return agent;
}
