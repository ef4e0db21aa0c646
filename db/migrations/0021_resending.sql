-- Up Migration

/*
 * A message of which nobody knows whether WhatsApp has it is sent once more when its status webhook does not come.
 * Until that is settled its turn stays live, so that nothing overtakes it.
 */
alter table messages
  add column unheard_attempts integer not null default 0 check (unheard_attempts >= 0);

comment on column messages.unheard_attempts is
  'How many of the attempts WhatsApp may have accepted without our hearing of it.';

grant select (contact_id, turn_id) on messages to chatbot_router;
grant select (is_blocked) on contacts to chatbot_router;

drop function overdue_deliveries(integer);
drop function is_delivery_overdue(text, timestamptz);

/*
 * sending: a job that sends is ended after 50 s, and the turn's lease lasts 120 s.
 * unknown: had WhatsApp accepted the message, its status webhook would have come within seconds. That it did not come
 * says something once another webhook of the number came a minute after the call. Where nobody else writes to the
 * number there may be none to wait for, and a quarter of an hour decides: that webhooks fail for so long just when an
 * answer was lost is rarer than a number to which nobody else writes.
 */
create function is_delivery_overdue(
  p_organization_id uuid,
  p_chatbot_id uuid,
  p_status text,
  p_since timestamptz
)
  returns boolean
  language sql stable
  set search_path = pg_catalog, public, pg_temp
  return case p_status
    when 'sending' then p_since < now() - interval '2 minutes'
    when 'unknown' then
      p_since < now() - interval '15 minutes'
      or p_since < now() - interval '3 minutes' and exists (
        select from chatbots b join webhook_events e on e.phone_number_id = b.phone_number_id
        where b.id = p_chatbot_id and e.organization_id = p_organization_id
          and e.received_at > p_since + interval '1 minute'
      )
    else false
  end;

comment on function is_delivery_overdue(uuid, uuid, text, timestamptz) is
  'Whether a delivery has been sending or unknown for longer than its sender or a status webhook can take.';

create function overdue_deliveries(p_limit integer) returns table (organization_id uuid, id bigint)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select m.organization_id, m.id
    from messages m
    where m.delivery_status in ('sending', 'unknown')
      and is_delivery_overdue(m.organization_id, m.chatbot_id, m.delivery_status, m.status_changed_at)
    order by m.status_changed_at
    limit p_limit
  $$;

alter function overdue_deliveries(integer) owner to chatbot_router;
revoke all on function overdue_deliveries(integer) from public;
grant execute on function overdue_deliveries(integer) to chatbot_app;

comment on function overdue_deliveries(integer) is
  'Messages of ours that hang: nobody is sending them any more, or no status webhook says what became of them.';

create function is_turn_in_doubt(p_turn_id uuid) returns boolean
  language sql stable
  set search_path = pg_catalog, public, pg_temp
  return exists (
    select from messages m join contacts c on c.id = m.contact_id
    where m.turn_id = p_turn_id and m.author = 'chatbot' and m.delivery_status in ('sending', 'unknown')
      -- nothing is sent again to a contact who is not to be answered
      and c.conversation_mode = 'auto' and not c.is_blocked
  );

comment on function is_turn_in_doubt(uuid) is
  'Whether a turn waits to hear whether WhatsApp has its reply; whoever takes it over could do nothing.';

-- made anew and not replaced: the dump lists functions in the order in which they were made
drop function abandoned_turns(integer);

create function abandoned_turns(p_limit integer) returns table (organization_id uuid, id uuid)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select t.organization_id, t.id
    from turns t
    where t.status in ('generating', 'replying') and t.lease_expires_at < now()
      and is_recovery_due(t.recoveries, t.recovered_at) and not is_turn_in_doubt(t.id)
    order by t.lease_expires_at
    limit p_limit
  $$;

alter function abandoned_turns(integer) owner to chatbot_router;
revoke all on function abandoned_turns(integer) from public;
grant execute on function abandoned_turns(integer) to chatbot_app;

comment on function abandoned_turns(integer) is 'Live turns whose lease ran out: the flow that had them is dead.';

-- Down Migration

drop function abandoned_turns(integer);

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

drop function is_turn_in_doubt(uuid);
drop function overdue_deliveries(integer);
drop function is_delivery_overdue(uuid, uuid, text, timestamptz);

create function is_delivery_overdue(p_status text, p_since timestamptz) returns boolean
  language sql stable parallel safe
  set search_path = pg_catalog
  return p_status = 'sending' and p_since < now() - interval '2 minutes'
    or p_status = 'unknown' and p_since < now() - interval '10 minutes';

comment on function is_delivery_overdue(text, timestamptz) is
  'Whether a delivery has been sending or unknown for longer than its sender or a status webhook can take.';

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

revoke select (is_blocked) on contacts from chatbot_router;
revoke select (contact_id, turn_id) on messages from chatbot_router;
alter table messages drop column unheard_attempts;
