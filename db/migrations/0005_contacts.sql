-- Up Migration

create table contacts (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  -- Meta's business-scoped user id. Since April 2026 every message carries one,
  -- while the phone number may be missing: it is an alias.
  bsuid text check (bsuid <> ''),
  phone text check (phone <> ''),
  profile_name text not null default '',
  conversation_mode text not null default 'auto' check (conversation_mode in ('auto', 'manual')),
  is_blocked boolean not null default false,
  variables jsonb not null default '{}' check (jsonb_typeof(variables) = 'object'),
  -- first day of the last billing period in which the limit message was sent
  limit_notice_period date,
  last_message_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  check (bsuid is not null or phone is not null)
);

comment on table contacts is 'A person who writes to a chatbot. The row''s lock orders everything said in the conversation.';

create unique index contacts_bsuid_key on contacts (chatbot_id, bsuid) where bsuid is not null;
create unique index contacts_phone_key on contacts (chatbot_id, phone) where phone is not null;
create index contacts_organization_chatbot_idx on contacts (organization_id, chatbot_id);

alter table contacts enable row level security;
alter table contacts force row level security;

create policy tenant_isolation on contacts
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update, delete on contacts to chatbot_app;

-- Down Migration

drop table contacts;
