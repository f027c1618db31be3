import { describe, expect, it } from 'vitest';
import { accessLine } from '../../test/access-lines.ts';
import { Decisions, kinds, noon } from '../../test/decisions.ts';
import { decideTick } from './decide.ts';

/** Logs `number` requests a millisecond apart, of which the first `failed` fail for the visitor. */
function requests(decisions: Decisions, fromMs: number, number: number, failed: number) {
  const status = (index: number) => (index < failed ? 500 : 200);
  const lines = Array.from({ length: number }, (_, index) =>
    accessLine({ startMs: noon + fromMs + index, status: status(index) }),
  );
  return decisions.log(...lines).filter(({ kind }) => kind.startsWith('error-rate'));
}

describe('the end of a high error rate', () => {
  /** A window of 200 and a threshold of 2%: five failures are above it. */
  const high = () => {
    const decisions = new Decisions();
    expect(kinds(requests(decisions, 0, 200, 5))).toEqual(['error-rate']);
    return decisions;
  };

  it('is not a rate between half of the threshold and the threshold, however long it stays there', () => {
    const decisions = high();
    requests(decisions, 1_000, 200, 3);
    expect(decisions.tick(noon + 60_000)).toEqual([]);
    expect(decisions.tick(noon + 600_000)).toEqual([]);
  });

  it('is half a minute at half of the threshold', () => {
    const decisions = high();
    requests(decisions, 1_000, 200, 2);
    expect(decisions.tick(noon + 31_000)).toEqual([]);
    // It was high from the fiftieth request on, which ended after 54 ms.
    expect(decisions.tick(noon + 32_000)).toMatchObject([
      { kind: 'error-rate-resolved', failed: 2, samples: 200, lastedMs: 32_000 - 54 },
    ]);
  });
});

describe('the errors that visitors see', () => {
  it('are kept for two windows at most, however many there are', () => {
    const decisions = new Decisions({ windowSize: 10 });
    requests(decisions, 0, 1_000, 1_000);
    expect(decisions.state.errorRate.visibleMs?.length).toBeLessThanOrEqual(20);
  });

  it('are all counted in an alert, however many older ones have been dropped by then', () => {
    for (let number = 10; number <= 50; number++) {
      const decisions = new Decisions({ windowSize: 10, thresholdPercent: 100 });
      requests(decisions, 0, number, number);
      const [verdict] = decideTick(decisions.state, null, noon + 1_000, { ...decisions.policy, thresholdPercent: 2 });
      expect(verdict?.alert).toMatchObject({ kind: 'error-rate', failed: 10, visible: 10 });
    }
  });
});

describe('what failed on both pools', () => {
  const [blue, green] = ['172.31.240.11:3000', '172.31.240.12:3000'];
  const on = (statuses: string, separator = ', ') => ({
    status: Number(statuses.split(' ').at(-1)),
    upstreamStatus: statuses.replace(' ', separator),
    upstreamAddr: `${blue}${separator}${green}`,
    headerTime: `0.001${separator}0.001`,
    responseTime: `0.001${separator}0.001`,
  });
  const ended = (fields: Parameters<typeof accessLine>[0][], decisions: Decisions) =>
    decisions.log(...fields.map((field, index) => accessLine({ startMs: noon + index, ...field })));

  it('counts requests that failed on both pools separately, because no release is at fault', () => {
    const decisions = new Decisions({ windowSize: 10 });
    const fine = Array.from({ length: 6 }, () => ({}));
    const alerts = ended([...fine, on('500 500'), on('504 504', ' : '), on('500 200'), { status: 503 }], decisions);
    expect(alerts.filter(({ kind }) => kind === 'error-rate')).toMatchObject([{ failed: 4, shared: 2, visible: 3 }]);
  });

  it('has a cause if its status does not show it', () => {
    const decisions = new Decisions({ windowSize: 10 });
    const fine = Array.from({ length: 9 }, () => ({}));
    const bad = { status: 502, headerTime: '-', fault: 'headers too big' };
    expect(ended([...fine, bad], decisions)).toMatchObject([{ kind: 'error-rate', cause: 'headers too big' }]);
    const other = new Decisions({ windowSize: 10 });
    expect(ended([...fine, { status: 500 }], other)).toMatchObject([{ kind: 'error-rate', cause: undefined }]);
  });
});
