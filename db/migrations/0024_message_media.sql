-- Up Migration

/*
 * What a contact sends besides words. A chatbot reads words only; whether the files are kept for the people of the
 * organization is its setting.
 */
alter table chatbots
  add column keeps_media boolean not null default false,
  add column media_message text not null
    default 'Sorry, I can only read text messages here. Please write to me in words what it is about.';

comment on column chatbots.keeps_media is
  'Whether the files that contacts send are stored. The model is then asked for a reply even when nothing was written.';
comment on column chatbots.media_message is
  'The reply to files and voice messages without words, made without a model. Empty: they are not answered.';

alter table turns
  drop constraint turns_reply_kind_check,
  add constraint turns_reply_kind_check check (reply_kind in ('answer', 'limit', 'media', 'error'));

/*
 *   pending ──► stored | failed
 *
 * Meta keeps the file for 7 days under its id; an address to download it from is valid for 5 minutes.
 */
create table message_media (
  id bigint generated always as identity primary key,
  organization_id uuid not null references organizations (id) on delete cascade,
  chatbot_id uuid not null,
  message_id bigint not null unique,
  whatsapp_media_id text not null check (whatsapp_media_id <> ''),
  status text not null default 'pending' check (status in ('pending', 'stored', 'failed')),
  s3_key text check (s3_key <> ''),
  mime_type text,
  byte_size bigint check (byte_size >= 0),
  -- of the bytes that were stored, in hexadecimal
  sha256 text check (sha256 ~ '^[0-9a-f]{64}$'),
  failure text check (failure <> ''),
  recoveries integer not null default 0 check (recoveries >= 0),
  recovered_at timestamptz,
  created_at timestamptz not null default now(),
  finished_at timestamptz,
  foreign key (organization_id, chatbot_id) references chatbots (organization_id, id) on delete cascade,
  foreign key (organization_id, message_id) references messages (organization_id, id) on delete cascade,
  check ((status = 'stored') = (s3_key is not null and sha256 is not null and byte_size is not null)),
  check ((status = 'failed') = (failure is not null)),
  check ((status = 'pending') = (finished_at is null))
);

comment on table message_media is 'The file of a contact''s message, which a job of its own copies from WhatsApp to object storage.';
comment on column message_media.failure is 'Why the file is not there, in a sentence for the organization.';
comment on column message_media.recoveries is 'How often recover_turns found that no job had stored the file.';

create index message_media_pending_idx on message_media (created_at) where status = 'pending';
create index message_media_message_idx on message_media (organization_id, message_id);
create index message_media_chatbot_idx on message_media (organization_id, chatbot_id);

alter table message_media enable row level security;
alter table message_media force row level security;

create policy tenant_isolation on message_media
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

create policy routing on message_media for select to chatbot_router using (true);

grant select, insert, update, delete on message_media to chatbot_app;
grant select (id, organization_id, status, recoveries, recovered_at, created_at) on message_media to chatbot_router;

create function message_media_organization(p_message_media_id bigint) returns uuid
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select organization_id from message_media where id = p_message_media_id
  $$;

alter function message_media_organization(bigint) owner to chatbot_router;
revoke all on function message_media_organization(bigint) from public;
grant execute on function message_media_organization(bigint) to chatbot_app;

comment on function message_media_organization(bigint) is 'The tenant of a file; null when there is no such file.';

create function unstored_media(p_limit integer) returns table (organization_id uuid, id bigint)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select m.organization_id, m.id
    from message_media m
    -- its first job started when the message was taken
    where m.status = 'pending' and is_recovery_due(m.recoveries, coalesce(m.recovered_at, m.created_at))
    order by m.created_at
    limit p_limit
  $$;

alter function unstored_media(integer) owner to chatbot_router;
revoke all on function unstored_media(integer) from public;
grant execute on function unstored_media(integer) to chatbot_app;

comment on function unstored_media(integer) is 'Files that no job has stored although one should have.';

-- Down Migration

drop function unstored_media(integer);
drop function message_media_organization(bigint);
drop table message_media;
-- a reply of that kind is told apart no longer
alter table turns no force row level security;
update turns set reply_kind = 'answer' where reply_kind = 'media';
alter table turns force row level security;
alter table turns
  drop constraint turns_reply_kind_check,
  add constraint turns_reply_kind_check check (reply_kind in ('answer', 'limit', 'error'));
alter table chatbots drop column media_message, drop column keeps_media;
