-- Up Migration

alter table knowledge_sources
  -- of the page as the live version was made from it
  add column page_etag text,
  add column page_last_modified text,
  add column page_hash text,
  add column checked_at timestamptz,
  add column check_problem text,
  add column missing_checks integer not null default 0 check (missing_checks >= 0),
  add column gone_at timestamptz,
  add constraint knowledge_sources_page_is_url check (source_type = 'url' or (checked_at is null and gone_at is null));

comment on column knowledge_sources.page_hash is 'sha256 of the page''s bytes, by which a re-sync knows whether it has changed.';
comment on column knowledge_sources.checked_at is 'When a re-sync last asked whether the page has changed.';
comment on column knowledge_sources.check_problem is 'Why the last re-sync could not read the page, as a sentence; the version that was there stays.';
comment on column knowledge_sources.missing_checks is 'How many re-syncs in a row were answered that there is no such page.';
comment on column knowledge_sources.gone_at is 'Since when the page counts as gone; it stays searchable until somebody deletes it.';

grant select (source_type, live_version, processed_at, checked_at) on knowledge_sources to chatbot_router;

/*
 * The pages whose last look is a day ago: with a run each hour they spread over the day by themselves. Organizations
 * take turns, so that one with ten thousand pages does not use up a run.
 */
create function pages_to_resync(p_limit integer) returns table (organization_id uuid, id uuid)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select due.organization_id, due.id
    from (
      select s.organization_id, s.id, coalesce(s.checked_at, s.processed_at) as looked_at,
        row_number() over (
          partition by s.organization_id order by coalesce(s.checked_at, s.processed_at) nulls first, s.id
        ) as place
      from knowledge_sources s
      where s.source_type = 'url' and s.live_version > 0 and s.status in ('ready', 'failed')
        and (coalesce(s.checked_at, s.processed_at) < now() - interval '1 day') is not false
    ) due
    order by due.place, due.looked_at nulls first, due.id
    limit p_limit
  $$;

alter function pages_to_resync(integer) owner to chatbot_router;
revoke all on function pages_to_resync(integer) from public;
grant execute on function pages_to_resync(integer) to chatbot_app;

comment on function pages_to_resync(integer) is 'Web pages among the knowledge sources that nobody has looked at for a day.';

-- Down Migration

drop function pages_to_resync(integer);
revoke select (source_type, live_version, processed_at, checked_at) on knowledge_sources from chatbot_router;
alter table knowledge_sources
  drop constraint knowledge_sources_page_is_url,
  drop column gone_at,
  drop column missing_checks,
  drop column check_problem,
  drop column checked_at,
  drop column page_hash,
  drop column page_last_modified,
  drop column page_etag;
