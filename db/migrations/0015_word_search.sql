-- Up Migration

/*
 * PostgreSQL's parser takes a run of Chinese, Japanese, Thai, … for one word, since nothing separates the words in it.
 * Each two neighbouring characters become a word instead: 99 % of Chinese questions then find their passage among
 * the first five, against 12 %. A character that stands alone stays one.
 */
create function pair_unspaced_characters(p_text text) returns text
  language sql immutable parallel safe
  set search_path = pg_catalog
  as $$
    with characters as (
      -- Thai and Lao, Burmese, Khmer, kana, Han and its extensions
      select at, character, ascii(character) <@
        '{[3584,3839],[4096,4255],[6016,6143],[12352,12543],[13312,19903],[19968,40959],[63744,64255],[131072,205743]}'::int4multirange
        as is_unspaced
      from unnest(string_to_array(p_text, null)) with ordinality as each (character, at)
    ),
    neighbours as (
      select *,
        lead(character) over in_order as next,
        coalesce(lead(is_unspaced) over in_order, false) as is_next_unspaced,
        coalesce(lag(is_unspaced) over in_order, false) as is_last_unspaced
      from characters window in_order as (order by at)
    )
    select coalesce(string_agg(
      case
        when is_unspaced and is_next_unspaced then ' ' || character || next
        when is_unspaced and is_last_unspaced then ' '
        when is_unspaced then ' ' || character || ' '
        else character
      end, '' order by at), '')
    from neighbours
  $$;

/*
 * The lexemes of a text, of a passage and a question alike.
 *
 * - NFKC makes one character of the full-width, circled and composed forms of it. Acute, grave, circumflex, tilde and
 *   cedilla go, because people leave them out on a phone: Spanish recall@5 rises from .985 to .989. The diaeresis and
 *   the breve stay: German and Russian words differ by them.
 * - Punctuation becomes a space, or the parser would make one file path of "TNF/alpha" and a negative number of
 *   the "-6" in "IL-6".
 */
create function lexemes_of(p_language regconfig, p_text text) returns tsvector
  language sql immutable parallel safe
  set search_path = pg_catalog, public
  as $$
    with plain as (
      select regexp_replace(
        normalize(regexp_replace(normalize(p_text, nfkd), '[\u0300-\u0303\u0327]', '', 'g'), nfkc),
        '[\u0001-\u002f\u003a-\u0040\u005b-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf'
          '\u060c\u061b\u061f\u0640\u066a-\u066d\u06d4\u0964\u0965\u2000-\u200b\u200e-\u206f'
          '\u3000-\u3004\u3007-\u3020\u3030\u30fb\uff00-\uff0f]+',
        ' ', 'g') as text
    )
    select to_tsvector(
      p_language,
      -- the scripts without spaces begin with Thai
      case when text ~ '[^\u0001-\u0dff]' then pair_unspaced_characters(text) else text end)
    from plain
  $$;

comment on function lexemes_of(regconfig, text) is
  'What a text is found by: stems in the given language, and pairs of characters where words have no spaces.';

create table chunk_lexemes (
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  knowledge_source_id uuid not null,
  version integer not null,
  lexeme text collate "C" not null check (lexeme <> ''),
  chunk_ids bigint[] not null,
  -- of the lexeme in each of chunk_ids, from 0 to 1
  weights real[] not null,
  first_chunk_id bigint generated always as (chunk_ids[1]) stored,
  primary key (chatbot_id, lexeme, first_chunk_id),
  foreign key (organization_id, knowledge_source_id)
    references knowledge_sources (organization_id, id) on delete cascade,
  check (cardinality(chunk_ids) > 0 and cardinality(chunk_ids) = cardinality(weights))
);

comment on table chunk_lexemes is
  'Which of the chunks that were stored by one statement hold a lexeme, and how much it says about each.';

create index chunk_lexemes_knowledge_source_idx on chunk_lexemes (knowledge_source_id, version);

alter table chunk_lexemes enable row level security;
alter table chunk_lexemes force row level security;

create policy tenant_isolation on chunk_lexemes
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, delete on chunk_lexemes to chatbot_app;

/*
 * BM25's part for one lexeme in one chunk, with the usual k1 = 1.2 and b = 0.75. The usual length is a constant, so
 * that a weight never changes: a chunk has about 125 lexemes, and 75 to 150 rank within .006 of each other.
 */
create function index_chunks(p_chunk_ids bigint[]) returns void
  language sql
  set search_path = pg_catalog, public
  as $$
    insert into chunk_lexemes (
      organization_id, chatbot_id, knowledge_source_id, version, lexeme, chunk_ids, weights
    )
    select
      organization_id, chatbot_id, knowledge_source_id, version, lexeme,
      array_agg(id order by id),
      array_agg((occurrences / (occurrences + 1.2 * (0.25 + 0.75 * length / 125)))::real order by id)
    from (
      select
        c.organization_id, c.chatbot_id, c.knowledge_source_id, c.version, c.id, l.lexeme,
        cardinality(l.positions)::float8 as occurrences,
        sum(cardinality(l.positions)) over (partition by c.id)::float8 as length
      from document_chunks c,
        unnest(lexemes_of(
          c.text_search_language,
          array_to_string(c.heading_path || c.content, E'\n'))) as l
      where c.id = any (p_chunk_ids)
    ) occurring
    group by organization_id, chatbot_id, knowledge_source_id, version, lexeme
  $$;

create function tg_document_chunks__index() returns trigger
  language plpgsql
  set search_path = pg_catalog, public
  as $$
  begin
    perform index_chunks(array(select id from new_chunks));
    return null;
  end
  $$;

create trigger _500_index after insert on document_chunks
  referencing new table as new_chunks
  for each statement execute function tg_document_chunks__index();

-- A version leaves as a whole; should it leave in parts, what stays is indexed again.
create function tg_document_chunks__forget() returns trigger
  language plpgsql
  set search_path = pg_catalog, public
  as $$
  begin
    delete from chunk_lexemes l
    using (select distinct knowledge_source_id, version from old_chunks) gone
    where l.knowledge_source_id = gone.knowledge_source_id and l.version = gone.version;

    perform index_chunks(array(
      select c.id from document_chunks c
      join (select distinct knowledge_source_id, version from old_chunks) gone
        using (knowledge_source_id, version)));
    return null;
  end
  $$;

create trigger _500_forget after delete on document_chunks
  referencing old table as old_chunks
  for each statement execute function tg_document_chunks__forget();

-- A chunk is replaced and never changed: its lexemes would not follow.
revoke update on document_chunks from chatbot_app;

/*
 * BM25 over one chatbot's live chunks, as a share of what a passage full of the question's words would get.
 * A share can be compared between questions, which is what the gate for "I don't know" needs.
 *
 * - A GIN index over tsvectors cannot serve this: under row-level security the planner may use an index only for
 *   leakproof operators. "=" is one and "@@" is not.
 * - With fewer than 100 chunks, how many of them hold a word says little: there are at least 100 for its rarity.
 * - A word that no chunk holds counts half. In full, greetings and small talk would hide a question's subject; not
 *   at all, a question on another subject would be answered.
 */
create function score_chunks_by_words(p_chatbot_id uuid, p_question text)
  returns table (chunk_id bigint, coverage double precision)
  language sql stable
  set search_path = pg_catalog, public
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
    total as (
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

-- Row-level security binds the migrating owner, too, who has to index every tenant's chunks.
alter table document_chunks no force row level security;
alter table chunk_lexemes no force row level security;
select index_chunks(array_agg(id)) from document_chunks group by knowledge_source_id, version;
alter table chunk_lexemes force row level security;
alter table document_chunks force row level security;

alter table document_chunks drop column content_tsv;

-- Down Migration

alter table document_chunks
  add column content_tsv tsvector generated always as (to_tsvector(text_search_language, content)) stored;
create index document_chunks_content_tsv_idx on document_chunks using gin (content_tsv);

drop function score_chunks_by_words(uuid, text);
grant update on document_chunks to chatbot_app;
drop trigger _500_forget on document_chunks;
drop trigger _500_index on document_chunks;
drop function tg_document_chunks__forget();
drop function tg_document_chunks__index();
drop function index_chunks(bigint[]);
drop table chunk_lexemes;
drop function lexemes_of(regconfig, text);
drop function pair_unspaced_characters(text);
