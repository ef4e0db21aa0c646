-- Up Migration

/*
 * A credential at rest: {"v": key version, "iv": …, "tag": …, "data": …}, base64, AES-256-GCM,
 * with the organization and the credential's id as additional data (f/platform/secrets.ts).
 * The check refuses plaintext by shape: 12 bytes of iv and 16 of tag are exactly 16 and 24 characters.
 */
create function is_credential_envelope(p_value jsonb) returns boolean
  language sql immutable parallel safe
  set search_path = pg_catalog
  return jsonb_typeof(p_value) = 'object'
    and p_value ?& array['v', 'iv', 'tag', 'data']
    and p_value - array['v', 'iv', 'tag', 'data'] = '{}'::jsonb
    and p_value ->> 'iv' ~ '^[A-Za-z0-9+/]{16}$'
    and p_value ->> 'tag' ~ '^[A-Za-z0-9+/]{22}==$'
    and p_value ->> 'data' ~ '^[A-Za-z0-9+/]+=*$';

comment on function is_credential_envelope(jsonb) is 'Whether a value has the shape of an encrypted credential.';

create table chatbots (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations (id) on delete cascade,
  name text not null check (name <> ''),
  is_active boolean not null default true,

  -- Meta's id of the business number: what a webhook names, and so what finds the tenant
  phone_number_id text not null unique check (phone_number_id <> ''),
  display_phone_number text not null default '',
  whatsapp_access_token jsonb check (is_credential_envelope(whatsapp_access_token)),

  system_prompt text not null default '',
  -- null: the installation's default, the Windmill variable f/platform/chat_model
  model text,
  history_messages integer not null default 20 check (history_messages between 0 and 200),
  -- cosine distance above which a passage does not count as an answer
  max_distance real not null default 0.75 check (max_distance between 0 and 2),
  passages_per_search integer not null default 5 check (passages_per_search between 1 and 20),
  text_search_language regconfig not null default 'english',

  debounce_seconds numeric(4, 2) not null default 1.5 check (debounce_seconds between 0 and 10),
  -- a message that waited longer (an outage, Meta retries for 7 days) is saved and not answered
  answer_age_limit_seconds integer not null default 86400 check (answer_age_limit_seconds > 0),

  error_message text not null default 'Sorry, something went wrong on our side. Please try again in a moment.',
  limit_message text not null default 'We cannot answer more messages this month. Please contact us another way.',

  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  unique (organization_id, id)
);

comment on table chatbots is 'One business number on WhatsApp and how it answers.';

create index chatbots_organization_id_idx on chatbots (organization_id);

alter table chatbots enable row level security;
alter table chatbots force row level security;

create policy tenant_isolation on chatbots
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

-- before a tenant is known, its number is looked up
create policy routing on chatbots for select to chatbot_router using (true);

grant select, insert, update, delete on chatbots to chatbot_app;
grant select (id, organization_id, phone_number_id, debounce_seconds) on chatbots to chatbot_router;

create function chatbot_organization(p_chatbot_id uuid) returns uuid
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select organization_id from chatbots where id = p_chatbot_id
  $$;

alter function chatbot_organization(uuid) owner to chatbot_router;
revoke all on function chatbot_organization(uuid) from public;
grant execute on function chatbot_organization(uuid) to chatbot_app;

comment on function chatbot_organization(uuid) is 'The tenant of a chatbot; null when there is no such chatbot.';

-- Down Migration

drop function chatbot_organization(uuid);
drop table chatbots;
drop function is_credential_envelope(jsonb);
