import { Agent, request } from 'undici';

export interface Answer {
  readonly at: number;
  readonly status: number;
  readonly pool: string | undefined;
  readonly failure: string | undefined;
}

/** Requests one after the other on several connections, until it is stopped; every one is accounted for. */
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

/** What failed, in a form that an assertion prints well. */
export function failuresOf(answers: readonly Answer[]): string[] {
  return answers.flatMap(({ failure }) => (failure === undefined ? [] : [failure]));
}
