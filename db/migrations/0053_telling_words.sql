-- Up Migration

/*
 * BM25 over one chatbot's live chunks, as a share of what a passage full of the question's words would get.
 * A share can be compared between questions, which is what the gate for "I don't know" needs.
 *
 * - A GIN index over tsvectors cannot serve this: under row-level security the planner may use an index only for
 *   leakproof operators. "=" is one and "@@" is not.
 * - With fewer than 100 chunks, how many of them hold a word says little: there are at least 100 for its rarity.
 * - A word that no chunk holds counts half. In full, greetings and small talk would hide a question's subject; not
 *   at all, a question on another subject would be answered.
 * - The question's commonest words, which together make less than a fifth of it, bring no chunk in: alone they open no
 *   gate, and of 30,000 chunks they are in 10,000. The 160 that have most of the other words, and those of p_also,
 *   are then scored by all words. The rankings of docs/decisions/2026-11-21-bm25-in-sql.md keep their figures.
 *
 * No "set search_path": as a part of the query that calls it, it is planned for the chatbot and the question at
 * hand. On its own it was planned for a middling one, and took 38 ms instead of 10 in a chatbot of 30,000 chunks.
 * "is true" keeps a set of ids a set, looked up by its hash: as a join the planner, who expects ten rows, would go
 * through it once for each of 10,000.
 */
drop function score_chunks_by_words(uuid, text);
create function score_chunks_by_words(p_chatbot_id uuid, p_question text, p_also bigint[] default '{}')
  returns table (chunk_id bigint, coverage double precision)
  language sql stable
  as $$
    with question as materialized (
      select lexeme collate "C" as lexeme
      from chatbots c, unnest(tsvector_to_array(lexemes_of(c.text_search_language, p_question))) as lexeme
      where c.id = p_chatbot_id
    ),
    live as materialized (
      select lexeme, chunk_ids, weights
      from chunk_lexemes
      where chatbot_id = p_chatbot_id and lexeme = any (array(select lexeme from question))
        and ((knowledge_source_id, version) in (
          select id, live_version from knowledge_sources where chatbot_id = p_chatbot_id)) is true
    ),
    frequency as (
      select lexeme, sum(cardinality(chunk_ids))::float8 as chunks from live group by lexeme
    ),
    total as materialized (
      select greatest(
        100,
        (select sum(chunk_count) from knowledge_sources where chatbot_id = p_chatbot_id),
        (select max(chunks) from frequency)) as chunks
    ),
    rarity as (
      select
        lexeme,
        case
          when f.chunks is null then ln(1 + (total.chunks + 0.5) / 0.5) / 2
          else ln(1 + (total.chunks - f.chunks + 0.5) / (f.chunks + 0.5))
        end as value
      from question left join frequency f using (lexeme), total
    ),
    share as materialized (
      select
        lexeme,
        value / sum(value) over () as share,
        sum(value) over (order by value, lexeme) >= 0.2 * sum(value) over () as is_telling
      from rarity
    ),
    candidate as materialized (
      (
        select id
        from (
          select unnest(chunk_ids) as id, unnest(weights) as weight, share
          from live join share using (lexeme)
          where is_telling
        ) occurring
        group by id
        order by sum(share * weight) desc, id
        limit 160
      )
      union all
      select unnest(p_also)
    )
    select id, sum(share * weights[array_position(chunk_ids, id)])
    from (
      select unnest(chunk_ids) as id, chunk_ids, weights, share
      from live join share using (lexeme)
      -- or the lists that can hold none of them would be gone through, half of all
      where int8range(chunk_ids[1], chunk_ids[cardinality(chunk_ids)], '[]')
        && (select range_agg(int8range(id, id, '[]')) from candidate)
    ) occurring
    where (id in (select id from candidate)) is true
    group by id
  $$;

revoke all on function score_chunks_by_words(uuid, text, bigint[]) from public;
grant execute on function score_chunks_by_words(uuid, text, bigint[]) to chatbot_app;

comment on function score_chunks_by_words(uuid, text, bigint[]) is
  'The live chunks of a chatbot that cover most of a question, at most 160, and those of p_also that share a word with it, with the share of the question that each covers (0 to 1).';

comment on column chunk_lexemes.chunk_ids is
  'Ascending: from the first to the last is the range in which score_chunks_by_words looks for its candidates.';

-- Down Migration

drop function score_chunks_by_words(uuid, text, bigint[]);
create function score_chunks_by_words(p_chatbot_id uuid, p_question text)
  returns table (chunk_id bigint, coverage double precision)
  language sql stable
  as $$
    with question as materialized (
      select lexeme collate "C" as lexeme
      from chatbots c, unnest(tsvector_to_array(lexemes_of(c.text_search_language, p_question))) as lexeme
      where c.id = p_chatbot_id
    ),
    -- before the join, or the planner reads all lexemes of a source to find these few
    matching as materialized (
      select knowledge_source_id, version, lexeme, chunk_ids, weights
      from chunk_lexemes
      where chatbot_id = p_chatbot_id and lexeme = any (array(select lexeme from question))
    ),
    live as materialized (
      select lexeme, chunk_ids, weights
      from matching m
      join knowledge_sources s
        on s.id = m.knowledge_source_id and s.live_version = m.version and s.chatbot_id = p_chatbot_id
    ),
    frequency as (
      select lexeme, sum(cardinality(chunk_ids))::float8 as chunks from live group by lexeme
    ),
    total as materialized (
      select greatest(
        100,
        (select sum(chunk_count) from knowledge_sources where chatbot_id = p_chatbot_id),
        (select max(chunks) from frequency)) as chunks
    ),
    rarity as (
      select
        lexeme,
        case
          when f.chunks is null then ln(1 + (total.chunks + 0.5) / 0.5) / 2
          else ln(1 + (total.chunks - f.chunks + 0.5) / (f.chunks + 0.5))
        end as value
      from question left join frequency f using (lexeme), total
    ),
    share as (
      select lexeme, value / sum(value) over () as share from rarity
    )
    select id, sum(share * weight)
    from (
      select unnest(chunk_ids) as id, unnest(weights) as weight, share from live join share using (lexeme)
    ) occurring
    group by id
  $$;

grant execute on function score_chunks_by_words(uuid, text) to chatbot_app;

comment on function score_chunks_by_words(uuid, text) is
  'The live chunks of a chatbot that share a word with a question, and which share of the question each covers (0 to 1).';

comment on column chunk_lexemes.chunk_ids is null;
