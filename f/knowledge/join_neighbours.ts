/** A piece of a document's text as it was stored: one chunk, or several that were joined. */
interface Stretch {
  page: number | null;
  content: string;
  /** in characters of the document's text */
  start: number;
  end: number;
}

export interface Neighbour extends Stretch {
  chunkNo: number;
}

export interface Hit extends Neighbour {
  knowledgeSourceId: string;
  /** the chunks right before and after it */
  neighbours: Neighbour[];
}

/**
 * Gives each hit the text around it, the best hit first, until all of it together has `budget` characters. Hits that
 * touch become one, in the place of the better. No text is there twice, and none is of another page than its hit's:
 * the page is what is cited.
 */
export function joinNeighbours<Found extends Hit>(hits: readonly Found[], budget: number): Found[] {
  const passages = hits.reduce<Found[]>(withHit, []);
  let left = budget - passages.reduce((sum, { content }) => sum + content.length, 0);
  for (const [index, passage] of passages.entries()) {
    const taken = passages.filter((other) => other !== passage);
    const grown = passage.neighbours
      // what follows says more about a hit than what precedes it
      .toSorted((a, b) => b.start - a.start)
      .filter((neighbour) => !taken.some((other) => holds(other, passage, neighbour)))
      .reduce<Found>((whole, neighbour) => {
        const joined = join(whole, neighbour);
        const added = (joined?.content.length ?? 0) - whole.content.length;
        if (!joined || added > left) return whole;
        left -= Math.max(0, added);
        return joined;
      }, passage);
    passages[index] = grown;
  }
  return passages;
}

function withHit<Found extends Hit>(passages: Found[], hit: Found): Found[] {
  const index = passages.findIndex((passage) => joinHits(passage, hit));
  const better = passages[index];
  if (!better) return [...passages, hit];
  const whole = joinHits(better, hit) ?? better;
  // it may have closed the gap to one more
  const gap = passages.findIndex((passage, at) => at !== index && joinHits(whole, passage));
  const other = passages[gap];
  const joined = (other && joinHits(whole, other)) ?? whole;
  return passages.with(index, joined).filter((passage) => passage !== other);
}

function joinHits<Found extends Hit>(better: Found, other: Found): Found | undefined {
  if (better.knowledgeSourceId !== other.knowledgeSourceId) return undefined;
  const touches =
    better.neighbours.some(({ chunkNo }) => chunkNo === other.chunkNo) ||
    other.neighbours.some(({ chunkNo }) => chunkNo === better.chunkNo);
  const joined = touches ? join(better, other) : undefined;
  return joined && { ...joined, neighbours: [...better.neighbours, ...other.neighbours] };
}

/** Undefined where they are of two pages, or where their offsets do not say how they follow each other. */
function join<Whole extends Stretch>(whole: Whole, part: Stretch): Whole | undefined {
  if (whole.page !== part.page || whole.start === part.start) return undefined;
  if (part.start >= whole.start && part.end <= whole.end) return whole;
  const [first, second] = whole.start < part.start ? [whole, part] : [part, whole];
  const overlap = first.end - second.start;
  const content =
    overlap >= 0
      ? first.content + second.content.slice(overlap)
      : // white space, which no chunk begins or ends with
        `${first.content}\n${second.content}`;
  return { ...whole, content, start: first.start, end: second.end };
}

/** Whether another passage of the same document has this text already. */
function holds(other: Hit, passage: Hit, { start, end }: Stretch): boolean {
  const isSameSource = other.knowledgeSourceId === passage.knowledgeSourceId;
  return isSameSource && start < other.end && end > other.start;
}
