-- Up Migration

-- what an organization may keep and upload; null means unlimited
alter table organizations
  add column source_limit integer default 1000 check (source_limit >= 0),
  add column storage_limit_bytes bigint default 2147483648 check (storage_limit_bytes >= 0),
  add column daily_upload_limit integer default 500 check (daily_upload_limit >= 0);

comment on column organizations.source_limit is 'How many knowledge sources its chatbots may have together; null: any number.';
comment on column organizations.storage_limit_bytes is 'How many bytes the files of its knowledge sources may have together; null: any number.';
comment on column organizations.daily_upload_limit is 'How many documents it may upload in a day of its time zone; null: any number.';

create table knowledge_usage (
  organization_id uuid primary key references organizations (id) on delete cascade,
  source_count integer not null default 0 check (source_count >= 0),
  storage_bytes bigint not null default 0 check (storage_bytes >= 0),
  -- in the organization's time zone; uploads_that_day counts from 0 again when the day has changed
  upload_day date,
  uploads_that_day integer not null default 0 check (uploads_that_day >= 0),
  updated_at timestamptz not null default now()
);

comment on table knowledge_usage is 'What an organization''s knowledge sources come to: the counters that an upload is checked against.';

create trigger _100_updated_at before update on knowledge_usage
  for each row execute function tg__updated_at();

alter table knowledge_usage enable row level security;
alter table knowledge_usage force row level security;

create policy tenant_isolation on knowledge_usage
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

create policy counting on knowledge_usage to chatbot_router using (true) with check (true);

grant select, insert, update on knowledge_usage to chatbot_app;
grant select, insert, update on knowledge_usage to chatbot_router;

/*
 * Counts whoever adds or deletes a source, and however: also the owner who deletes a chatbot with all it has.
 * Security definer for that reason: an owner sees no tenant's counters.
 */
create function tg_knowledge_sources__count() returns trigger
  language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    begin
      if tg_op = 'INSERT' then
        insert into knowledge_usage (organization_id, source_count, storage_bytes)
        values (new.organization_id, 1, new.byte_size)
        on conflict (organization_id) do update set
          source_count = knowledge_usage.source_count + 1,
          storage_bytes = knowledge_usage.storage_bytes + excluded.storage_bytes;
      elsif tg_op = 'UPDATE' then
        update knowledge_usage set storage_bytes = storage_bytes + new.byte_size - old.byte_size
        where organization_id = new.organization_id;
      else
        update knowledge_usage set source_count = source_count - 1, storage_bytes = storage_bytes - old.byte_size
        where organization_id = old.organization_id;
      end if;
      return null;
    end
  $$;

alter function tg_knowledge_sources__count() owner to chatbot_router;
revoke all on function tg_knowledge_sources__count() from public;

create trigger _200_count after insert or delete or update of byte_size on knowledge_sources
  for each row execute function tg_knowledge_sources__count();

-- the owner who runs this sees no tenant's sources otherwise
alter table knowledge_sources no force row level security;
insert into knowledge_usage (organization_id, source_count, storage_bytes)
select organization_id, count(*), sum(byte_size) from knowledge_sources group by organization_id;
alter table knowledge_sources force row level security;

-- Down Migration

drop trigger _200_count on knowledge_sources;
drop function tg_knowledge_sources__count();
drop table knowledge_usage;
alter table organizations drop column daily_upload_limit, drop column storage_limit_bytes, drop column source_limit;
