import { Agent, request } from 'undici';

export interface Answer {
  readonly at: number;
  readonly status: number;
  readonly pool: string | undefined;
  readonly failure: string | undefined;
}

/** Sends requests one after another on several connections until it is stopped. Every request has an answer. */
export interface Load {
  readonly answers: readonly Answer[];
  stop(): Promise<readonly Answer[]>;
}

export function startLoad(url: string, connections = 10): Load {
  const dispatcher = new Agent({ connections });
  const answers: Answer[] = [];
  let running = true;
  const client = async () => {
    while (running) {
      try {
        const { statusCode, headers, body } = await request(url, { dispatcher });
        await body.dump();
        const failure = statusCode === 200 ? undefined : `status ${statusCode}`;
        answers.push({ at: Date.now(), status: statusCode, pool: String(headers['x-app-pool']), failure });
      } catch (error) {
        answers.push({ at: Date.now(), status: 0, pool: undefined, failure: String(error) });
      }
    }
  };
  const clients = Array.from({ length: connections }, client);
  return {
    answers,
    async stop() {
      running = false;
      await Promise.all(clients);
      await dispatcher.close();
      return answers;
    },
  };
}

/** The failures, in a form that assertions print readably. */
export function failuresOf(answers: readonly Answer[]): string[] {
  return answers.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
}
