-- Up Migration

create table unused_files (
  organization_id uuid not null references organizations (id) on delete cascade,
  s3_key text not null check (s3_key <> ''),
  created_at timestamptz not null default now(),
  primary key (organization_id, s3_key)
);

comment on table unused_files is 'Files in the object storage whose knowledge source has been deleted, until they are removed, too.';

alter table unused_files enable row level security;
alter table unused_files force row level security;

create policy tenant_isolation on unused_files
  using (organization_id = (select current_organization_id()))
  with check (organization_id = (select current_organization_id()));

create policy noting on unused_files to chatbot_router using (true) with check (true);

grant select, insert, delete on unused_files to chatbot_app;
grant select, insert on unused_files to chatbot_router;

/*
 * Whoever deletes a source, and however: also the owner who deletes a chatbot with all it has. An organization that
 * goes takes its list along, and its files are under one prefix: knowledge/<its id>/.
 */
create function tg_knowledge_sources__unused_file() returns trigger
  language plpgsql security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    begin
      insert into unused_files (organization_id, s3_key)
      select o.id, old.s3_key from organizations o where o.id = old.organization_id
      on conflict do nothing;
      return null;
    end
  $$;

alter function tg_knowledge_sources__unused_file() owner to chatbot_router;
revoke all on function tg_knowledge_sources__unused_file() from public;

create trigger _210_unused_file after delete on knowledge_sources
  for each row when (old.s3_key is not null)
  execute function tg_knowledge_sources__unused_file();

create function organizations_with_unused_files() returns table (organization_id uuid)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select distinct organization_id from unused_files
  $$;

alter function organizations_with_unused_files() owner to chatbot_router;
revoke all on function organizations_with_unused_files() from public;
grant execute on function organizations_with_unused_files() to chatbot_app;

comment on function organizations_with_unused_files() is 'Whose files wait to be removed.';

-- Down Migration

drop function organizations_with_unused_files();
drop trigger _210_unused_file on knowledge_sources;
drop function tg_knowledge_sources__unused_file();
drop table unused_files;
