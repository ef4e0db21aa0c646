-- Up Migration

create table knowledge_sources (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  source_type text not null check (source_type in ('pdf', 'docx', 'url', 'text', 'markdown', 'html', 'csv')),
  name text not null check (name <> ''),
  url text,
  s3_key text,
  -- sha256 of the file, or of the url: the same upload twice is one source
  content_hash text not null,
  byte_size bigint not null default 0,
  status text not null default 'pending' check (status in ('pending', 'processing', 'ready', 'failed')),
  progress integer not null default 0 check (progress between 0 and 100),
  -- a sentence the tenant understands
  error_message text,
  -- The version that searches see; the next one is built beside it and takes its place in one update.
  live_version integer not null default 0,
  page_count integer,
  chunk_count integer not null default 0,
  embedding_model text,
  processed_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id),
  unique (chatbot_id, content_hash),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  check ((status = 'failed') = (error_message is not null)),
  check ((source_type = 'url') = (url is not null))
);

comment on table knowledge_sources is 'A document or a web page that a chatbot may answer from.';

create index knowledge_sources_chatbot_idx on knowledge_sources (organization_id, chatbot_id);

alter table knowledge_sources enable row level security;
alter table knowledge_sources force row level security;

create policy tenant_isolation on knowledge_sources
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

create policy routing on knowledge_sources for select to chatbot_router using (true);

grant select, insert, update, delete on knowledge_sources to chatbot_app;
grant select (id, organization_id) on knowledge_sources to chatbot_router;

create function knowledge_source_organization(p_knowledge_source_id uuid) returns uuid
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select organization_id from knowledge_sources where id = p_knowledge_source_id
  $$;

alter function knowledge_source_organization(uuid) owner to chatbot_router;
revoke all on function knowledge_source_organization(uuid) from public;
grant execute on function knowledge_source_organization(uuid) to chatbot_app;

comment on function knowledge_source_organization(uuid) is
  'The tenant of a knowledge source; null when there is no such source.';

create table document_chunks (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  knowledge_source_id uuid not null,
  version integer not null,
  chunk_no integer not null check (chunk_no >= 0),
  content text not null check (content <> ''),
  -- 1-based; null where the source has no pages
  page integer check (page > 0),
  heading_path text[] not null default '{}',
  -- in characters of the extracted text
  start_offset integer not null,
  end_offset integer not null,
  embedding vector(1536) not null,
  text_search_language regconfig not null,
  content_tsv tsvector generated always as (to_tsvector(text_search_language, content)) stored,
  created_at timestamptz not null default now(),
  unique (knowledge_source_id, version, chunk_no),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  foreign key (organization_id, knowledge_source_id)
    references knowledge_sources (organization_id, id) on delete cascade,
  check (end_offset > start_offset)
);

comment on table document_chunks is 'The passages of a knowledge source, with what finds them.';

create index document_chunks_chatbot_idx on document_chunks (organization_id, chatbot_id);
create index document_chunks_content_tsv_idx on document_chunks using gin (content_tsv);

alter table document_chunks enable row level security;
alter table document_chunks force row level security;

create policy tenant_isolation on document_chunks
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update, delete on document_chunks to chatbot_app;

-- Down Migration

drop table document_chunks;
drop function knowledge_source_organization(uuid);
drop table knowledge_sources;
