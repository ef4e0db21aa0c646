-- Up Migration

/*
 * One bit a dimension, 192 bytes where the vector has 6 kB: to compare these costs a thirtieth, and 30,000 of them
 * are 8 MB of an index that a search reads from one end to the other.
 */
alter table document_chunks
  add column embedding_bits bit(1536)
  generated always as ((binary_quantize(embedding))::bit(1536)) stored not null;

comment on column document_chunks.embedding_bits is
  'The signs of the embedding: how many differ between two says roughly how near they are.';

-- Holds all that nearest_chunks asks of every chunk of a chatbot, so that it reads no row of the table for it.
drop index document_chunks_chatbot_idx;
create index document_chunks_chatbot_idx on document_chunks (organization_id, chatbot_id)
  include (knowledge_source_id, version, id, embedding_bits);

/*
 * The nearest live chunks of a chatbot by cosine: those whose bits differ least, then these by their vectors. A chatbot
 * with as few chunks as the short list takes is searched exactly. No index over vectors: it takes its candidates
 * before it filters by chatbot, and then returns too few rows. Measured in
 * docs/decisions/2026-11-21-a-short-list-by-bits.md. Security invoker: row-level security keeps it to the tenant.
 *
 * No "set search_path", here and below: with one, PostgreSQL cannot make the function a part of the query that calls
 * it, plans it for a chatbot of middling size, and takes three times as long for a large one.
 */
create function nearest_chunks(p_chatbot_id uuid, p_embedding vector, p_limit integer)
  returns table (chunk_id bigint, distance double precision)
  language sql stable
  as $$
    with short_list as materialized (
      select c.id
      from document_chunks c
      join knowledge_sources s on s.id = c.knowledge_source_id and s.live_version = c.version
      where c.chatbot_id = p_chatbot_id
      -- in a query of its own it is computed once, else for each chunk
      order by c.embedding_bits <~> (select binary_quantize(p_embedding)::bit(1536))
      limit greatest(400, 10 * p_limit)
    )
    select c.id, (c.embedding <=> p_embedding) as distance
    from short_list join document_chunks c using (id)
    order by distance, c.id
    limit p_limit
  $$;

revoke all on function nearest_chunks(uuid, vector, integer) from public;
grant execute on function nearest_chunks(uuid, vector, integer) to chatbot_app;

comment on function nearest_chunks(uuid, vector, integer) is
  'The p_limit chunks of a chatbot that are nearest to a query embedding, with their cosine distance (0 to 2), nearest first.';

-- made anew after what it asks, or the dump could not be read back
drop function search_knowledge_base(uuid, vector, integer, double precision);
create function search_knowledge_base(
  p_chatbot_id uuid,
  p_query_embedding vector,
  p_top_k integer default 5,
  p_threshold double precision default 0.25
)
  returns table (chunk_id bigint, knowledge_source_id uuid, source_name text, page integer, content text, similarity double precision)
  language sql stable
  as $$
    select c.id, s.id, s.name, c.page, c.content, 1 - nearest.distance
    from nearest_chunks(p_chatbot_id, p_query_embedding, p_top_k) nearest
    join document_chunks c on c.id = nearest.chunk_id
    join knowledge_sources s on s.id = c.knowledge_source_id
    where 1 - nearest.distance >= p_threshold
    order by nearest.distance, c.id
  $$;

revoke all on function search_knowledge_base(uuid, vector, integer, double precision) from public;
grant execute on function search_knowledge_base(uuid, vector, integer, double precision) to chatbot_app;

comment on function search_knowledge_base(uuid, vector, integer, double precision) is
  'The p_top_k passages nearest to a query embedding, with a cosine similarity of at least p_threshold.';

-- Down Migration

drop function search_knowledge_base(uuid, vector, integer, double precision);
create function search_knowledge_base(
  p_chatbot_id uuid,
  p_query_embedding vector,
  p_top_k integer default 5,
  p_threshold double precision default 0.25
)
  returns table (chunk_id bigint, knowledge_source_id uuid, source_name text, page integer, content text, similarity double precision)
  language sql stable
  set search_path = pg_catalog, public, pg_temp
  as $$
    select c.id, s.id, s.name, c.page, c.content, 1 - (c.embedding <=> p_query_embedding)
    from document_chunks c
    join knowledge_sources s on s.id = c.knowledge_source_id and s.live_version = c.version
    where c.chatbot_id = p_chatbot_id
      and 1 - (c.embedding <=> p_query_embedding) >= p_threshold
    order by (c.embedding <=> p_query_embedding) + 0, c.id
    limit p_top_k
  $$;

revoke all on function search_knowledge_base(uuid, vector, integer, double precision) from public;
grant execute on function search_knowledge_base(uuid, vector, integer, double precision) to chatbot_app;

comment on function search_knowledge_base(uuid, vector, integer, double precision) is
  'The p_top_k passages nearest to a query embedding, with a cosine similarity of at least p_threshold.';

drop function nearest_chunks(uuid, vector, integer);
drop index document_chunks_chatbot_idx;
create index document_chunks_chatbot_idx on document_chunks (organization_id, chatbot_id);
alter table document_chunks drop column embedding_bits;
