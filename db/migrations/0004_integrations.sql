-- Up Migration

create table org_integrations (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations (id) on delete cascade,
  kind text not null check (kind in ('mcp', 'windmill_script')),
  -- prefixes the names of its tools, so that none can shadow another integration's
  name text not null check (name ~ '^[a-z][a-z0-9_]{0,31}$'),
  settings jsonb not null default '{}' check (jsonb_typeof(settings) = 'object'),
  credentials jsonb check (is_credential_envelope(credentials)),
  is_active boolean not null default true,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id),
  unique (organization_id, name)
);

comment on table org_integrations is 'Something outside that offers tools: an MCP server, a Windmill script.';

alter table org_integrations enable row level security;
alter table org_integrations force row level security;

create policy tenant_isolation on org_integrations
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update, delete on org_integrations to chatbot_app;

create table chatbot_integrations (
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  integration_id uuid not null,
  permission text not null default 'read' check (permission in ('read', 'write')),
  is_enabled boolean not null default true,
  created_at timestamptz not null default now(),
  primary key (chatbot_id, integration_id),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  foreign key (organization_id, integration_id) references org_integrations (organization_id, id) on delete cascade
);

comment on table chatbot_integrations is 'Which integrations a chatbot may use, and whether their tools may write.';

create index chatbot_integrations_integration_idx on chatbot_integrations (organization_id, integration_id);

alter table chatbot_integrations enable row level security;
alter table chatbot_integrations force row level security;

create policy tenant_isolation on chatbot_integrations
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update, delete on chatbot_integrations to chatbot_app;

-- Down Migration

drop table chatbot_integrations;
drop table org_integrations;
