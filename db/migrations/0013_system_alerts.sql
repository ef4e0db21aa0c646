-- Up Migration

create table system_alerts (
  id bigint generated always as identity primary key,
  -- null: about the installation and no tenant
  organization_id uuid references organizations (id) on delete cascade,
  severity text not null check (severity in ('critical', 'error', 'warning', 'info')),
  -- what happened, in a word: step_failed, token_expired, …
  kind text not null,
  -- one alert per key: a job that runs twice reports once
  alert_key text not null unique,
  summary text not null,
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
  flow_job_id text,
  turn_id uuid,
  slack_posted_at timestamptz,
  acknowledged_at timestamptz,
  created_at timestamptz not null default now(),
  foreign key (organization_id, turn_id) references turns (organization_id, id) on delete set null (turn_id)
);

comment on table system_alerts is 'What went wrong and whether somebody was told.';

create index system_alerts_organization_idx on system_alerts (organization_id, created_at);

alter table system_alerts enable row level security;
alter table system_alerts force row level security;

-- An alert without an organization is for the operator: any step may raise it, no tenant can read it.
create policy tenant_isolation on system_alerts
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()) or organization_id is null);

grant select, insert, update on system_alerts to chatbot_app;

-- Down Migration

drop table system_alerts;
