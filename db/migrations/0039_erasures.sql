-- Up Migration

-- The row of an erased contact stays, empty: the ledger and the turns it counts point to it.
alter table contacts
  add column erased_at timestamptz,
  add constraint contacts_erased_is_empty check (
    erased_at is null
    or phone is null and profile_name = '' and variables = '{}' and summary = '' and bsuid = 'erased:' || id
  );

comment on column contacts.erased_at is 'When everything of the contact was erased; nothing is written to the row after that.';

-- A job that began before the erasure may still want to keep what the contact said: it changes no row.
create function tg_contacts__stay_erased() returns trigger
  language plpgsql
  set search_path = pg_catalog
  as $$
  begin
    return null;
  end
  $$;

comment on function tg_contacts__stay_erased() is 'Leaves the row of an erased contact as it is.';

create trigger _010_stay_erased before update on contacts
  for each row when (old.erased_at is not null) execute function tg_contacts__stay_erased();

create table erasures (
  id uuid primary key default gen_random_uuid(),
  organization_id uuid not null references organizations (id) on delete cascade,
  -- no key: the certificate outlives the contact's row
  contact_id uuid not null,
  -- who asked: a user, or the operator in Windmill
  user_id uuid,
  windmill_user text not null default '',
  -- what is still to be removed outside of the database; ids, no words
  flow_job_ids text[] not null default '{}',
  webhook_event_ids bigint[] not null default '{}',
  file_keys text[] not null default '{}',
  -- {"messages": 12, …}: rows by table, and "files" and "jobs"
  removed jsonb not null default '{}' check (jsonb_typeof(removed) = 'object'),
  started_at timestamptz not null default now(),
  finished_at timestamptz,
  constraint erasures_organization_id_contact_id_key unique (organization_id, contact_id),
  foreign key (organization_id, user_id) references users (organization_id, id) on delete set null (user_id),
  constraint erasures_nothing_left check (
    finished_at is null or cardinality(flow_job_ids) + cardinality(webhook_event_ids) + cardinality(file_keys) = 0
  )
);

comment on table erasures is 'What was removed of a contact, when and by whom: a certificate without personal data.';

create index erasures_unfinished_idx on erasures (organization_id, started_at) where finished_at is null;
create index erasures_user_idx on erasures (organization_id, user_id) where user_id is not null;

alter table erasures enable row level security;
alter table erasures force row level security;

create policy tenant_isolation on erasures
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

grant select, insert, update on erasures to chatbot_app;

-- Down Migration

drop table erasures;
drop trigger _010_stay_erased on contacts;
drop function tg_contacts__stay_erased();
alter table contacts drop constraint contacts_erased_is_empty, drop column erased_at;
