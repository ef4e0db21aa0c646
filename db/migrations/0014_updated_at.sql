-- Up Migration

create function tg__updated_at() returns trigger
  language plpgsql
  set search_path = pg_catalog
  as $$
  begin
    new.updated_at := now();
    return new;
  end
  $$;

comment on function tg__updated_at() is 'Keeps updated_at true, whoever changes the row and however.';

create trigger _100_updated_at before update on organizations
  for each row execute function tg__updated_at();
create trigger _100_updated_at before update on users
  for each row execute function tg__updated_at();
create trigger _100_updated_at before update on chatbots
  for each row execute function tg__updated_at();
create trigger _100_updated_at before update on org_integrations
  for each row execute function tg__updated_at();
create trigger _100_updated_at before update on contacts
  for each row execute function tg__updated_at();
create trigger _100_updated_at before update on knowledge_sources
  for each row execute function tg__updated_at();
create trigger _100_updated_at before update on usage_summary
  for each row execute function tg__updated_at();

-- Down Migration

drop trigger _100_updated_at on usage_summary;
drop trigger _100_updated_at on knowledge_sources;
drop trigger _100_updated_at on contacts;
drop trigger _100_updated_at on org_integrations;
drop trigger _100_updated_at on chatbots;
drop trigger _100_updated_at on users;
drop trigger _100_updated_at on organizations;
drop function tg__updated_at();
