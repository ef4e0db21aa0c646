-- Up Migration

/*
 * Metrics, purging and the doctor go through every organization too, and have nothing to do with billing. The old name
 * stays: scripts from before this migration ask it until the new ones are pushed, and again when they are taken back.
 */
create function all_organizations() returns table (organization_id uuid)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select id from organizations order by id
  $$;

alter function all_organizations() owner to chatbot_router;
revoke all on function all_organizations() from public;
grant execute on function all_organizations() to chatbot_app;

comment on function all_organizations() is
  'Every organization, for what is done for each of them.';
comment on function billed_organizations() is
  'all_organizations(), as the scripts from before migration 0049 call it.';

-- Down Migration

comment on function billed_organizations() is
  'Every organization, for what is done for each of them.';

drop function all_organizations();
