-- Up Migration

/*
 * The inbox: one row per message, status or other change out of a webhook POST.
 *
 *   received ──► processing ──► completed | failed
 *       └──────────────────────► completed | ignored
 *
 * Written by the ingress before it answers 200. Meta redelivers for up to 7 days: the unique key is what
 * makes a redelivery harmless, so rows are kept longer than that.
 */
create table webhook_events (
  id bigint generated always as identity primary key,
  -- null: no chatbot has this number. Row-level security then hides the row from every tenant.
  organization_id uuid references organizations (id) on delete cascade,
  chatbot_id uuid,
  -- '' for the changes that name no number (account and template updates)
  phone_number_id text not null default '',
  kind text not null check (kind in ('message', 'status', 'other')),
  -- message: its wamid; status: wamid:status:recipient; other: a hash of the change
  external_id text not null check (external_id <> ''),
  status text not null default 'received'
    check (status in ('received', 'processing', 'completed', 'failed', 'ignored')),
  -- who wrote; both null for what is no message
  sender_bsuid text check (sender_bsuid <> ''),
  sender_phone text check (sender_phone <> ''),
  payload jsonb not null,
  traceparent text,
  -- set when the event became part of a turn
  turn_id uuid,
  error text,
  -- by Meta's clock, in whole seconds
  sent_at timestamptz,
  received_at timestamptz not null default now(),
  processed_at timestamptz,
  unique (phone_number_id, kind, external_id),
  unique (organization_id, id),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  foreign key (organization_id, turn_id) references turns (organization_id, id) on delete set null (turn_id)
);

comment on table webhook_events is 'The inbox: every event out of every webhook, once.';
comment on column webhook_events.payload is
  'message: {"message", "profile_name"}; status: the status; other: {"field", "value"}. As Meta sent it, less \u0000 and lone surrogates.';

create index webhook_events_waiting_idx on webhook_events (received_at)
  where kind = 'message' and status = 'received';
create index webhook_events_bsuid_idx on webhook_events (chatbot_id, sender_bsuid)
  where kind = 'message' and status = 'received';
create index webhook_events_phone_idx on webhook_events (chatbot_id, sender_phone)
  where kind = 'message' and status = 'received';
create index webhook_events_turn_idx on webhook_events (turn_id) where turn_id is not null;
create index webhook_events_organization_idx on webhook_events (organization_id, received_at);

alter table webhook_events enable row level security;
alter table webhook_events force row level security;

create policy tenant_isolation on webhook_events
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

create policy inbox on webhook_events to chatbot_router using (true) with check (true);

grant select, update, delete on webhook_events to chatbot_app;
grant select, insert, update on webhook_events to chatbot_router;

create function webhook_event_organization(p_webhook_event_id bigint) returns uuid
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select organization_id from webhook_events where id = p_webhook_event_id
  $$;

alter function webhook_event_organization(bigint) owner to chatbot_router;
revoke all on function webhook_event_organization(bigint) from public;
grant execute on function webhook_event_organization(bigint) to chatbot_app;

comment on function webhook_event_organization(bigint) is
  'The tenant of an event; null when there is no such event or its number belongs to no chatbot.';

-- Down Migration

drop function webhook_event_organization(bigint);
drop table webhook_events;
