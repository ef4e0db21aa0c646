-- Up Migration

/*
 * What recover_turns works with. The finders look across all tenants and answer ids only, the oldest first; what is
 * done about one of them is done for its tenant alone, under the same condition again.
 */
alter table webhook_events
  add column recoveries integer not null default 0 check (recoveries >= 0),
  add column recovered_at timestamptz;

comment on column webhook_events.recoveries is 'How often recover_turns found that no flow had taken the event.';

alter table turns
  add column recoveries integer not null default 0 check (recoveries >= 0),
  add column recovered_at timestamptz;

comment on column turns.recoveries is 'How often recover_turns found the lease run out.';

alter table knowledge_sources
  add column recoveries integer not null default 0 check (recoveries >= 0);

comment on column knowledge_sources.recoveries is 'How often recover_turns found that nobody was processing the source.';

create index messages_in_doubt_idx on messages (status_changed_at) where delivery_status in ('sending', 'unknown');
create index knowledge_sources_unfinished_idx on knowledge_sources (updated_at) where status in ('pending', 'processing');

create policy routing on contacts for select to chatbot_router using (true);

grant select (id, chatbot_id, bsuid, phone) on contacts to chatbot_router;
grant select (contact_id, status, lease_expires_at, recoveries, recovered_at) on turns to chatbot_router;
grant select (organization_id, status_changed_at) on messages to chatbot_router;
grant select (status, updated_at) on knowledge_sources to chatbot_router;

-- At once, then after 2, 4, 8, 16 and 32 minutes: a queue that is an hour behind is no reason to give up.
create function is_recovery_due(p_recoveries integer, p_recovered_at timestamptz) returns boolean
  language sql stable parallel safe
  set search_path = pg_catalog
  return p_recovered_at is null or p_recovered_at < now() - interval '1 minute' * 2 ^ p_recoveries;

comment on function is_recovery_due(integer, timestamptz) is
  'Whether something that was tried so often, and last then, may be tried again; the pause doubles.';

-- sending: a job that sends is ended after 50 s, and the turn's lease lasts 120 s.
-- unknown: had WhatsApp accepted the message, its status webhook would have come within seconds.
create function is_delivery_overdue(p_status text, p_since timestamptz) returns boolean
  language sql stable parallel safe
  set search_path = pg_catalog
  return p_status = 'sending' and p_since < now() - interval '2 minutes'
    or p_status = 'unknown' and p_since < now() - interval '10 minutes';

comment on function is_delivery_overdue(text, timestamptz) is
  'Whether a delivery has been sending or unknown for longer than its sender or a status webhook can take.';

-- process_document is ended after 10 minutes and reports its progress meanwhile
create function is_processing_stalled(p_status text, p_updated_at timestamptz) returns boolean
  language sql stable parallel safe
  set search_path = pg_catalog
  return p_status in ('pending', 'processing') and p_updated_at < now() - interval '15 minutes';

comment on function is_processing_stalled(text, timestamptz) is
  'Whether a knowledge source waits for a job that no longer exists.';

create function unclaimed_webhook_events(p_limit integer) returns table (organization_id uuid, id bigint)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    -- one flow takes all that its contact wrote, so one start of the oldest is enough
    with oldest as (
      select distinct on (e.chatbot_id, coalesce(e.sender_bsuid, e.sender_phone)) e.*
      from webhook_events e join chatbots b on b.id = e.chatbot_id
      where e.kind = 'message' and e.status = 'received'
        and e.received_at < now() - interval '1 minute' - interval '1 second' * b.debounce_seconds::float8
      order by e.chatbot_id, coalesce(e.sender_bsuid, e.sender_phone), e.received_at, e.id
    )
    select o.organization_id, o.id
    from oldest o
    where is_recovery_due(o.recoveries, o.recovered_at)
      -- a live turn's end starts the flow for what waits
      and not exists (
        select from contacts c join turns t on t.contact_id = c.id
        where c.chatbot_id = o.chatbot_id and t.status in ('generating', 'replying')
          and (c.bsuid = o.sender_bsuid or o.sender_bsuid is null and c.phone = o.sender_phone)
      )
    order by o.received_at
    limit p_limit
  $$;

alter function unclaimed_webhook_events(integer) owner to chatbot_router;
revoke all on function unclaimed_webhook_events(integer) from public;
grant execute on function unclaimed_webhook_events(integer) to chatbot_app;

comment on function unclaimed_webhook_events(integer) is
  'Messages that no flow took although it is past their debounce, one a contact.';

create function abandoned_turns(p_limit integer) returns table (organization_id uuid, id uuid)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select t.organization_id, t.id
    from turns t
    where t.status in ('generating', 'replying') and t.lease_expires_at < now()
      and is_recovery_due(t.recoveries, t.recovered_at)
    order by t.lease_expires_at
    limit p_limit
  $$;

alter function abandoned_turns(integer) owner to chatbot_router;
revoke all on function abandoned_turns(integer) from public;
grant execute on function abandoned_turns(integer) to chatbot_app;

comment on function abandoned_turns(integer) is 'Live turns whose lease ran out: the flow that had them is dead.';

create function overdue_deliveries(p_limit integer) returns table (organization_id uuid, id bigint)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select m.organization_id, m.id
    from messages m
    where m.delivery_status in ('sending', 'unknown') and is_delivery_overdue(m.delivery_status, m.status_changed_at)
    order by m.status_changed_at
    limit p_limit
  $$;

alter function overdue_deliveries(integer) owner to chatbot_router;
revoke all on function overdue_deliveries(integer) from public;
grant execute on function overdue_deliveries(integer) to chatbot_app;

comment on function overdue_deliveries(integer) is
  'Messages of ours that hang: nobody is sending them any more, or no status webhook says what became of them.';

create function stalled_knowledge_sources(p_limit integer) returns table (organization_id uuid, id uuid)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select s.organization_id, s.id
    from knowledge_sources s
    where s.status in ('pending', 'processing') and is_processing_stalled(s.status, s.updated_at)
    order by s.updated_at
    limit p_limit
  $$;

alter function stalled_knowledge_sources(integer) owner to chatbot_router;
revoke all on function stalled_knowledge_sources(integer) from public;
grant execute on function stalled_knowledge_sources(integer) to chatbot_app;

comment on function stalled_knowledge_sources(integer) is 'Knowledge sources that wait for a job that no longer exists.';

-- Down Migration

drop function stalled_knowledge_sources(integer);
drop function overdue_deliveries(integer);
drop function abandoned_turns(integer);
drop function unclaimed_webhook_events(integer);
drop function is_processing_stalled(text, timestamptz);
drop function is_delivery_overdue(text, timestamptz);
drop function is_recovery_due(integer, timestamptz);
revoke select (status, updated_at) on knowledge_sources from chatbot_router;
revoke select (organization_id, status_changed_at) on messages from chatbot_router;
revoke select (contact_id, status, lease_expires_at, recoveries, recovered_at) on turns from chatbot_router;
revoke select (id, chatbot_id, bsuid, phone) on contacts from chatbot_router;
drop policy routing on contacts;
drop index knowledge_sources_unfinished_idx;
drop index messages_in_doubt_idx;
alter table knowledge_sources drop column recoveries;
alter table turns drop column recovered_at, drop column recoveries;
alter table webhook_events drop column recovered_at, drop column recoveries;
