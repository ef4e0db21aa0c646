-- Up Migration

create table tool_executions (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  turn_id uuid not null,
  integration_id uuid,
  -- which of the turn's calls, over all its model calls; a repeated job writes the same numbers again
  call_no integer not null check (call_no >= 0),
  tool_name text not null,
  arguments jsonb not null default '{}',
  status text not null check (status in ('ok', 'error', 'timeout', 'refused')),
  -- cut to size
  result text not null default '',
  error text,
  duration_ms integer not null check (duration_ms >= 0),
  created_at timestamptz not null default now(),
  unique (turn_id, call_no),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  foreign key (organization_id, turn_id) references turns (organization_id, id) on delete cascade,
  foreign key (organization_id, integration_id)
    references org_integrations (organization_id, id) on delete set null (integration_id)
);

comment on table tool_executions is 'Every tool call that a model asked for, and what became of it.';

create index tool_executions_chatbot_idx on tool_executions (organization_id, chatbot_id, created_at);

alter table tool_executions enable row level security;
alter table tool_executions force row level security;

create policy tenant_isolation on tool_executions
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update, delete on tool_executions to chatbot_app;

-- the ledger: one row per turn, never changed by a second run
create table usage_logs (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  contact_id uuid not null,
  turn_id uuid not null unique,
  model text not null,
  model_calls integer not null default 0,
  tool_calls integer not null default 0,
  input_tokens integer not null default 0,
  cached_input_tokens integer not null default 0,
  output_tokens integer not null default 0,
  -- by the price of that day
  cost_usd numeric(14, 8) not null default 0,
  created_at timestamptz not null default now(),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  foreign key (organization_id, contact_id) references contacts (organization_id, id) on delete cascade,
  foreign key (organization_id, turn_id) references turns (organization_id, id) on delete cascade
);

comment on table usage_logs is 'The ledger of what each turn used.';

create index usage_logs_organization_idx on usage_logs (organization_id, created_at);

alter table usage_logs enable row level security;
alter table usage_logs force row level security;

create policy tenant_isolation on usage_logs
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert on usage_logs to chatbot_app;

-- the counters that a quota is checked against; each equals the sum of the ledger for its period
create table usage_summary (
  organization_id uuid not null references organizations (id) on delete cascade,
  -- first day of the billing period in the organization's time zone
  period_start date not null,
  -- turns that were let in and have not been settled yet
  messages_reserved integer not null default 0 check (messages_reserved >= 0),
  messages_used integer not null default 0 check (messages_used >= 0),
  tokens_used bigint not null default 0 check (tokens_used >= 0),
  cost_usd numeric(14, 8) not null default 0 check (cost_usd >= 0),
  updated_at timestamptz not null default now(),
  primary key (organization_id, period_start)
);

comment on table usage_summary is 'What an organization has used and reserved in a billing period.';

alter table usage_summary enable row level security;
alter table usage_summary force row level security;

create policy tenant_isolation on usage_summary
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update on usage_summary to chatbot_app;

-- a turn's reservation, so that it is settled or released exactly once
alter table turns
  add column reserved_period date,
  add column usage_settled_at timestamptz;

comment on column turns.reserved_period is 'The usage_summary period in which this turn''s message is reserved; null when it was let in without one.';

-- Down Migration

alter table turns drop column usage_settled_at, drop column reserved_period;
drop table usage_summary;
drop table usage_logs;
drop table tool_executions;
