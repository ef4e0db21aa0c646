-- Up Migration

/*
 * How far a message got. Status webhooks come in any order and more than once,
 * and a status only ever moves to a higher rank. `failed` lies between sent and delivered:
 * it is final, unless the message turns out to have been delivered.
 */
create function delivery_rank(p_status text) returns integer
  language sql immutable parallel safe strict
  set search_path = pg_catalog
  return case p_status
    when 'pending' then 0
    when 'sending' then 1
    when 'unknown' then 1
    when 'accepted' then 2
    when 'sent' then 3
    when 'failed' then 4
    when 'delivered' then 5
    when 'read' then 6
    when 'played' then 7
  end;

comment on function delivery_rank(text) is 'How far a delivery status is; null for a status that is none.';

create table messages (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  contact_id uuid not null,
  turn_id uuid,
  author text not null check (author in ('contact', 'chatbot', 'user')),
  kind text not null default 'text',
  body text not null default '',
  -- what the kind has besides its text: a location, a button's id, a media id
  details jsonb not null default '{}' check (jsonb_typeof(details) = 'object'),
  -- WhatsApp's id; null while it has not accepted the message
  wamid text check (wamid <> ''),
  sent_at timestamptz not null default now(),

  -- the rest is about messages of ours
  -- 0 for a reply that fits one message; a longer one counts up
  part integer check (part >= 0),
  delivery_status text check (delivery_status is null or delivery_rank(delivery_status) is not null),
  attempts integer not null default 0,
  -- travels as biz_opaque_callback_data and comes back in every status webhook,
  -- which settles a message whose acceptance we never heard of
  delivery_key uuid not null default gen_random_uuid() unique,
  delivery_error jsonb,
  status_changed_at timestamptz,
  created_at timestamptz not null default now(),

  unique (organization_id, id),
  unique (turn_id, part),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  foreign key (organization_id, contact_id) references contacts (organization_id, id) on delete cascade,
  foreign key (organization_id, turn_id) references turns (organization_id, id) on delete cascade,
  check ((author = 'contact') = (delivery_status is null)),
  check ((author = 'chatbot') = (part is not null))
);

comment on table messages is 'The conversation: what contacts, chatbots and the organization''s users said.';

create unique index messages_wamid_key on messages (chatbot_id, wamid) where wamid is not null;
create index messages_wamid_idx on messages (wamid) where wamid is not null;
create index messages_conversation_idx on messages (organization_id, contact_id, sent_at, id);
create index messages_chatbot_idx on messages (organization_id, chatbot_id);

alter table messages enable row level security;
alter table messages force row level security;

create policy tenant_isolation on messages
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

-- status webhooks are applied before a tenant is known
create policy status_updates_read on messages for select to chatbot_router using (true);
create policy status_updates_write on messages for update to chatbot_router using (true) with check (true);

grant select, insert, update, delete on messages to chatbot_app;
grant select (id, chatbot_id, author, wamid, delivery_status, delivery_key, delivery_error) on messages to chatbot_router;
grant update (wamid, delivery_status, delivery_error, status_changed_at) on messages to chatbot_router;

-- Down Migration

drop table messages;
drop function delivery_rank(text);
