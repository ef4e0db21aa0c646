import { readEmbeddings } from "../platform/embeddings.ts";
import { type Postgresql, withDb } from "../platform/postgres.ts";
import { readReranker } from "../platform/reranker.ts";
import { organizationOfChatbot } from "./chatbot_tenant.ts";
import { type Passage, searchPassages } from "./search_passages.ts";

/** Shows what a chatbot would find for a question, and why: for people who tune its max_distance. */
export async function main(
  chatbot_id: string,
  question: string,
  db: Postgresql,
): Promise<ShownPassage[]> {
  const [embeddings, reranker] = await Promise.all([readEmbeddings(), readReranker()]);
  return withDb(db, async (database) => {
    const organizationId = await organizationOfChatbot(database, chatbot_id);
    const query = { organizationId, chatbotId: chatbot_id, question };
    const { passages } = await searchPassages(database, embeddings, query, reranker);
    return passages.map(show);
  });
}

export interface ShownPassage {
  /** as the chatbot is given them: the fused rank, unless a re-ranker is set */
  rank: number;
  fused_rank: number;
  vector_rank: number | null;
  text_rank: number | null;
  score: number;
  distance: number;
  source: string;
  url: string | null;
  page: number | null;
  heading: string;
  passage: string;
}

function show(passage: Passage, index: number): ShownPassage {
  return {
    rank: index + 1,
    fused_rank: passage.fusedRank,
    vector_rank: passage.vectorRank,
    text_rank: passage.textRank,
    score: rounded(passage.score),
    distance: rounded(passage.distance),
    source: passage.sourceName,
    url: passage.sourceUrl,
    page: passage.page,
    heading: passage.headingPath.join(" > "),
    passage: passage.content,
  };
}

function rounded(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}
