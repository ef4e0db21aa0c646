/** Of the relevant ids, the share among the first `k` of a ranking. */
export function recallAt(
  k: number,
  ranking: readonly string[],
  relevant: ReadonlySet<string>,
): number {
  return ranking.slice(0, k).filter((id) => relevant.has(id)).length / relevant.size;
}

/** Normalized discounted cumulative gain of the first `k`, where an id is relevant or not. */
export function ndcgAt(
  k: number,
  ranking: readonly string[],
  relevant: ReadonlySet<string>,
): number {
  const gains = ranking.slice(0, k).map((id) => (relevant.has(id) ? 1 : 0));
  const best = Array.from({ length: Math.min(k, relevant.size) }, () => 1);
  return discounted(gains) / discounted(best);
}

function discounted(gains: readonly number[]): number {
  return gains.reduce((sum, gain, index) => sum + gain / Math.log2(index + 2), 0);
}

export interface Decision {
  isAnswered: boolean;
  isAnswerable: boolean;
}

export interface DecisionScores {
  /** of the questions that were answered, those that can be */
  precision: number;
  /** of the questions that can be answered, those that were */
  recall: number;
  f1: number;
  /** the same two of abstaining */
  abstain_precision: number;
  abstain_recall: number;
}

/** How well it was decided whether to answer; 0 where there was nothing to decide. */
export function scoreDecisions(decisions: readonly Decision[]): DecisionScores {
  const count = (isAnswered: boolean, isAnswerable: boolean) =>
    decisions.filter(
      (decision) => decision.isAnswered === isAnswered && decision.isAnswerable === isAnswerable,
    ).length;
  const answered = count(true, true);
  const abstained = count(false, false);
  const precision = share(answered, count(true, false));
  const recall = share(answered, count(false, true));
  return {
    precision,
    recall,
    f1: precision + recall === 0 ? 0 : (2 * precision * recall) / (precision + recall),
    abstain_precision: share(abstained, count(false, true)),
    abstain_recall: share(abstained, count(true, false)),
  };
}

function share(part: number, rest: number): number {
  return part + rest === 0 ? 0 : part / (part + rest);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
