-- Up Migration

/*
 * The short list's vectors are read one by one, and a vector that PostgreSQL stores apart from its row comes in four
 * pieces through an index: 400 took 4 ms, and take 2 in their rows. Passages' texts move out instead, since few are
 * read. Chunks that are there already keep theirs apart until their source is processed again.
 */
alter table document_chunks
  alter column embedding set storage main,
  -- or it would move out, too, and be written twice
  alter column embedding_bits set storage plain;

/*
 * As before, but whether a chunk is live is asked of the short list only: for each of 30,000 chunks it took 2 ms. A list
 * with chunks that are not live, of a version that is being built or whose job was killed, is made again out of the live
 * ones alone. It has 300 chunks and not 400: recall@10 is .977, and a quarter fewer rows are read.
 */
create or replace function nearest_chunks(p_chatbot_id uuid, p_embedding vector, p_limit integer)
  returns table (chunk_id bigint, distance double precision)
  language sql stable
  as $$
    with short_list as materialized (
      select c.id, c.knowledge_source_id, c.version
      from document_chunks c
      where c.chatbot_id = p_chatbot_id
      -- in a query of its own it is computed once, else for each chunk
      order by c.embedding_bits <~> (select binary_quantize(p_embedding)::bit(1536))
      limit greatest(300, 8 * p_limit)
    ),
    listed as materialized (
      select l.id
      from short_list l
      join knowledge_sources s on s.id = l.knowledge_source_id and s.live_version = l.version
    ),
    live as materialized (
      select id
      from listed
      where (select count(*) from listed) = (select count(*) from short_list)
      union all
      (
        select c.id
        from document_chunks c
        join knowledge_sources s on s.id = c.knowledge_source_id and s.live_version = c.version
        where c.chatbot_id = p_chatbot_id
          and (select count(*) from listed) < (select count(*) from short_list)
        order by c.embedding_bits <~> (select binary_quantize(p_embedding)::bit(1536))
        limit greatest(300, 8 * p_limit)
      )
    )
    select c.id, (c.embedding <=> p_embedding) as distance
    from live join document_chunks c using (id)
    order by distance, c.id
    limit p_limit
  $$;

-- Down Migration

create or replace function nearest_chunks(p_chatbot_id uuid, p_embedding vector, p_limit integer)
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

alter table document_chunks
  alter column embedding_bits set storage extended,
  alter column embedding set storage external;
