-- Up Migration

/*
 * What an MCP server offered, so that a turn need not ask it again before a model calls one of its tools. Each step
 * is a process of its own, and what is to be known by the next turn stands here.
 */
create table integration_tools (
  organization_id uuid not null references organizations (id) on delete cascade,
  integration_id uuid primary key,
  -- of the settings and the sealed credentials that it was asked with: with others it is asked again
  server_hash text not null check (server_hash <> ''),
  -- [{name, description, parameters}]; null: it has never answered
  tools jsonb check (jsonb_typeof(tools) = 'array'),
  -- how it wants to be spoken to: {transport, prior}
  way jsonb check (jsonb_typeof(way) = 'object'),
  listed_at timestamptz,
  -- since when it does not answer
  failed_at timestamptz,
  check ((tools is null) = (listed_at is null)),
  check ((tools is null) = (way is null)),
  foreign key (organization_id, integration_id) references org_integrations (organization_id, id) on delete cascade
);

comment on table integration_tools is 'The tools that an MCP server listed last, or since when it does not answer.';

create index integration_tools_organization_idx on integration_tools (organization_id, integration_id);

alter table integration_tools enable row level security;
alter table integration_tools force row level security;

create policy tenant_isolation on integration_tools
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update, delete on integration_tools to chatbot_app;

/*
 * One for each contact: a server may keep what it was told in a session (a basket, a search), and that is not for
 * another contact.
 */
create table integration_sessions (
  organization_id uuid not null references organizations (id) on delete cascade,
  integration_id uuid not null,
  contact_id uuid not null,
  server_hash text not null check (server_hash <> ''),
  session_id text not null check (session_id <> ''),
  protocol_version text not null check (protocol_version <> ''),
  used_at timestamptz not null default now(),
  primary key (integration_id, contact_id),
  foreign key (organization_id, integration_id) references org_integrations (organization_id, id) on delete cascade,
  foreign key (organization_id, contact_id) references contacts (organization_id, id) on delete cascade
);

comment on table integration_sessions is 'A contact''s session at an MCP server, which the next turn goes on with.';

create index integration_sessions_integration_idx on integration_sessions (organization_id, integration_id);
create index integration_sessions_contact_idx on integration_sessions (organization_id, contact_id);

alter table integration_sessions enable row level security;
alter table integration_sessions force row level security;

create policy tenant_isolation on integration_sessions
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update, delete on integration_sessions to chatbot_app;

-- Down Migration

drop table integration_sessions;
drop table integration_tools;
