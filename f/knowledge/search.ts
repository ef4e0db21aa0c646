import { readEmbeddings } from "../platform/embeddings.ts";
import { one, type Postgresql, withDb } from "../platform/postgres.ts";
import { ChatbotNotFoundError } from "./document_errors.ts";
import { type Passage, searchPassages } from "./search_passages.ts";

/** Shows what a chatbot would find for a question, and why: for people who tune its max_distance. */
export async function main(
  chatbot_id: string,
  question: string,
  db: Postgresql,
): Promise<ShownPassage[]> {
  const embeddings = await readEmbeddings();
  return withDb(db, async (database) => {
    const { id: organizationId } = await one<{ id: string | null }>(
      database,
      "select chatbot_organization($1) as id",
      [chatbot_id],
    );
    if (organizationId === null) throw new ChatbotNotFoundError(chatbot_id);
    const query = { organizationId, chatbotId: chatbot_id, question };
    const { passages } = await searchPassages(database, embeddings, query);
    return passages.map(show);
  });
}

export interface ShownPassage {
  rank: number;
  source: string;
  page: number | null;
  heading: string;
  distance: number;
  vector_rank: number | null;
  text_rank: number | null;
  passage: string;
}

function show(passage: Passage, index: number): ShownPassage {
  return {
    rank: index + 1,
    source: passage.sourceName,
    page: passage.page,
    heading: passage.headingPath.join(" > "),
    distance: Math.round(passage.distance * 1_000) / 1_000,
    vector_rank: passage.vectorRank,
    text_rank: passage.textRank,
    passage: passage.content,
  };
}
