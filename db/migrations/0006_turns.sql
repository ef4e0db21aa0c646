-- Up Migration

/*
 * A turn is everything a contact said since the last reply, and our one answer to it.
 *
 *   generating ──► replying ──► completed
 *        └────────────┴───────► failed
 *
 * generating: claimed, the reply is being made. replying: the reply stands in this row and is on its way.
 */
create table turns (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  contact_id uuid not null,
  status text not null default 'generating' check (status in ('generating', 'replying', 'completed', 'failed')),

  -- Raised whenever a job claims the turn. Every later write names its fence,
  -- so a slow job that Windmill has already replaced writes nothing.
  fence integer not null default 1,
  lease_expires_at timestamptz not null,
  flow_job_id text,

  reply_kind text check (reply_kind in ('answer', 'limit', 'error')),
  reply text,
  sources jsonb not null default '[]' check (jsonb_typeof(sources) = 'array'),
  usage jsonb not null default '{}' check (jsonb_typeof(usage) = 'object'),
  error text,

  created_at timestamptz not null default now(),
  finished_at timestamptz,
  unique (organization_id, id),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  foreign key (organization_id, contact_id) references contacts (organization_id, id) on delete cascade,
  check ((reply is null) = (reply_kind is null)),
  check (status <> 'replying' or reply is not null),
  check ((finished_at is not null) = (status in ('completed', 'failed')))
);

comment on table turns is 'Everything a contact said since the last reply, and our one answer to it.';
comment on column turns.usage is
  '{"model", "model_calls", "tool_calls", "input_tokens", "cached_input_tokens", "output_tokens", "milliseconds"}';
comment on column turns.sources is 'What the reply cites: [{"name", "page"}].';

-- at most one live turn per contact, whatever runs at once
create unique index turns_one_live_per_contact on turns (contact_id) where status in ('generating', 'replying');
create index turns_contact_idx on turns (organization_id, contact_id, created_at);
create index turns_chatbot_idx on turns (organization_id, chatbot_id);
create index turns_lease_idx on turns (lease_expires_at) where status in ('generating', 'replying');

alter table turns enable row level security;
alter table turns force row level security;

create policy tenant_isolation on turns
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

create policy routing on turns for select to chatbot_router using (true);

grant select, insert, update, delete on turns to chatbot_app;
grant select (id, organization_id) on turns to chatbot_router;

create function turn_organization(p_turn_id uuid) returns uuid
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select organization_id from turns where id = p_turn_id
  $$;

alter function turn_organization(uuid) owner to chatbot_router;
revoke all on function turn_organization(uuid) from public;
grant execute on function turn_organization(uuid) to chatbot_app;

comment on function turn_organization(uuid) is 'The tenant of a turn; null when there is no such turn.';

-- Down Migration

drop function turn_organization(uuid);
drop table turns;
