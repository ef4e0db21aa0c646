-- Up Migration

/*
 * What we hold of each tool that an integration offers. Its definition goes into the prompt, and its server may
 * change it at any time: what was approved is remembered by hash, and another one is not offered to a model.
 */
create table tool_definitions (
  organization_id uuid not null references organizations (id) on delete cascade,
  integration_id uuid not null,
  -- as the integration names it
  tool_name text not null check (tool_name <> ''),
  -- SHA-256 of name, description and parameters: as offered last, and as approved
  definition_hash text not null,
  approved_hash text not null,
  changed_at timestamptz,
  -- calls in the minute that began then
  window_started_at timestamptz not null default now(),
  window_calls integer not null default 0 check (window_calls >= 0),
  consecutive_failures integer not null default 0 check (consecutive_failures >= 0),
  -- it is not called until then: it failed again and again
  open_until timestamptz,
  created_at timestamptz not null default now(),
  primary key (integration_id, tool_name),
  foreign key (organization_id, integration_id) references org_integrations (organization_id, id) on delete cascade
);

comment on table tool_definitions is 'A tool of an integration: the definition that was approved, how often it is called and whether it works.';

create index tool_definitions_organization_idx on tool_definitions (organization_id, integration_id);

alter table tool_definitions enable row level security;
alter table tool_definitions force row level security;

create policy tenant_isolation on tool_definitions
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update, delete on tool_definitions to chatbot_app;

-- Down Migration

drop table tool_definitions;
