-- Up Migration

alter table chatbots
  -- Answers to one contact; null: no limit. WhatsApp itself lets through 10 a minute for long, and bursts of 45.
  add column turns_per_minute integer default 30 check (turns_per_minute > 0),
  add column turns_per_hour integer default 200 check (turns_per_hour > 0),
  add column slow_down_message text not null
    default 'You are writing faster than we can answer. Please wait a little before you write again.';

comment on column chatbots.turns_per_minute is 'Answers that one contact may have in a minute before it is silenced; null means no limit.';
comment on column chatbots.turns_per_hour is 'Answers that one contact may have in an hour before it is silenced; null means no limit.';
comment on column chatbots.slow_down_message is 'Sent once when a contact is silenced for writing too much; empty means nothing is said.';

alter table contacts
  add column silenced_until timestamptz,
  add column penalties integer not null default 0 check (penalties >= 0),
  add column loop_points integer not null default 0 check (loop_points >= 0);

comment on column contacts.silenced_until is 'What the contact writes until then is kept and not answered.';
comment on column contacts.penalties is 'How often the contact was silenced, as of silenced_until; each doubles the next silence (f/chat/conduct.ts).';
comment on column contacts.loop_points is 'How much the last messages in a row looked like a machine''s (f/chat/machine_like.ts).';

create table blocked_senders (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  bsuid text check (bsuid <> ''),
  -- as WhatsApp writes it: digits with the country's, no +
  phone text check (phone ~ '^[0-9]{1,15}$'),
  -- every number that begins with `phone`
  is_prefix boolean not null default false,
  created_at timestamptz not null default now(),
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  constraint blocked_senders_one_name check (num_nonnulls(bsuid, phone) = 1),
  constraint blocked_senders_prefix_of_phone check (phone is not null or not is_prefix)
);

comment on table blocked_senders is 'Whom a chatbot does not answer, known before they ever wrote; contacts.is_blocked is about those who did.';

create unique index blocked_senders_bsuid_key on blocked_senders (chatbot_id, bsuid) where bsuid is not null;
create unique index blocked_senders_phone_key on blocked_senders (chatbot_id, phone, is_prefix) where phone is not null;
create index blocked_senders_organization_chatbot_idx on blocked_senders (organization_id, chatbot_id);

alter table blocked_senders enable row level security;
alter table blocked_senders force row level security;

create policy tenant_isolation on blocked_senders
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, delete on blocked_senders to chatbot_app;

create function is_blocked_sender(p_chatbot_id uuid, p_bsuid text, p_phone text) returns boolean
  language sql stable
  as $$
    select exists (
      select from blocked_senders s
      where s.chatbot_id = p_chatbot_id
        and (s.bsuid = p_bsuid or s.phone = p_phone or s.is_prefix and starts_with(p_phone, s.phone))
    )
  $$;

revoke all on function is_blocked_sender(uuid, text, text) from public;
grant execute on function is_blocked_sender(uuid, text, text) to chatbot_app;

comment on function is_blocked_sender(uuid, text, text) is 'Whether the chatbot''s block list names this id, this number, or what the number begins with.';

-- Down Migration

drop function is_blocked_sender(uuid, text, text);
drop table blocked_senders;
alter table contacts drop column loop_points, drop column penalties, drop column silenced_until;
alter table chatbots drop column slow_down_message, drop column turns_per_hour, drop column turns_per_minute;
