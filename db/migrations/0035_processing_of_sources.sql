-- Up Migration

alter table knowledge_sources
  add column stage text check (stage in ('reading', 'extracting', 'embedding'));

comment on column knowledge_sources.stage is 'What is being done with the source; null while it waits and when it is done.';

-- the ledger of embedding: what was paid for, also when the version did not go live; never changed
create table embedding_usage_logs (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  -- null: the source has been deleted since
  knowledge_source_id uuid,
  model text not null,
  texts integer not null check (texts >= 0),
  tokens integer not null check (tokens >= 0),
  -- by the price of that day, in USD and in USD per million tokens; null: not known, and the cost is 0
  cost_usd numeric(14, 8) not null default 0 check (cost_usd >= 0),
  price_usd numeric(12, 6),
  created_at timestamptz not null default now(),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  foreign key (organization_id, knowledge_source_id)
    references knowledge_sources (organization_id, id) on delete set null (knowledge_source_id)
);

comment on table embedding_usage_logs is 'The ledger of what embedding the documents used, one row for each run that embedded anything.';

create index embedding_usage_logs_organization_idx on embedding_usage_logs (organization_id, created_at);

alter table embedding_usage_logs enable row level security;
alter table embedding_usage_logs force row level security;

create policy tenant_isolation on embedding_usage_logs
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert on embedding_usage_logs to chatbot_app;

-- Down Migration

drop table embedding_usage_logs;
alter table knowledge_sources drop column stage;
