-- Up Migration

/*
 * As in 0018, but what the statuses say of our messages is a function of its own, which runs when there are some: most
 * POSTs have none. In batches of 100, a message costs 41 µs and not 60. What was recorded before is looked up by its
 * key only, and for repeated events only: a plan from when the table was empty read all of it for each event, which
 * took 0.7 to 2.3 ms at 20,000 events, for as long as the connection kept the plan.
 */
create function apply_delivery_statuses(p_events jsonb) returns void
  language plpgsql volatile
  set search_path = pg_catalog, public, pg_temp
  as $$
  begin
    with status as (
      select c.id as chatbot_id, e.wamid, e.delivery_status, e.delivery_key, e.delivery_error, e.changed_at
      from jsonb_to_recordset(p_events) as e (
        kind text, phone_number_id text,
        wamid text, delivery_status text, delivery_key uuid, delivery_error jsonb, changed_at bigint
      )
      join chatbots c on c.phone_number_id = e.phone_number_id
      where e.kind = 'status'
    ),
    -- several statuses of one message may share a POST: only the furthest counts
    furthest as (
      select distinct on (m.id)
        m.id, s.wamid, s.delivery_status, s.delivery_error, s.changed_at
      from status s
      join messages m on m.chatbot_id = s.chatbot_id
        and (
          m.wamid = s.wamid
          -- by its key only if no message has that wamid: one that has is the one meant
          or m.delivery_key = s.delivery_key and not exists (
            select from messages known where known.chatbot_id = s.chatbot_id and known.wamid = s.wamid
          )
        )
      where m.author = 'chatbot'
        and delivery_rank(s.delivery_status) > delivery_rank(m.delivery_status)
      order by m.id, delivery_rank(s.delivery_status) desc
    )
    update messages m set
      wamid = coalesce(m.wamid, f.wamid),
      delivery_status = f.delivery_status,
      delivery_error = coalesce(f.delivery_error, m.delivery_error),
      -- Meta's webhook may lack it
      status_changed_at = coalesce(to_timestamp(f.changed_at), now())
    from furthest f
    -- asked again: another POST may have moved the row while this one waited for its lock
    where m.id = f.id and delivery_rank(f.delivery_status) > delivery_rank(m.delivery_status);
  end
  $$;

comment on function apply_delivery_statuses(jsonb) is
  'Moves our messages to the delivery statuses that a webhook POST brings, forwards only.';

alter function apply_delivery_statuses(jsonb) owner to chatbot_router;
revoke all on function apply_delivery_statuses(jsonb) from public;
grant execute on function apply_delivery_statuses(jsonb) to chatbot_router;

create or replace function record_webhook_events(p_events jsonb)
  returns table (
    webhook_event_id bigint,
    phone_number_id text,
    external_id text,
    sender text,
    start_after_seconds numeric,
    is_new boolean
  )
  language plpgsql volatile security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
  -- the names of the answer's columns are those of tables, too
  #variable_conflict use_column
  begin
    return query
      with event as (
        select distinct on (e.phone_number_id, e.kind, e.external_id)
          e.*, c.organization_id, c.id as chatbot_id, c.debounce_seconds,
          -- as columns: where a kind is compared the planner expects one row, and would join all with all
          e.kind = 'message' and c.id is not null as is_answered,
          e.kind = 'echo' and c.id is not null as is_echo
        from jsonb_to_recordset(p_events) as e (
          phone_number_id text, kind text, external_id text, payload jsonb, traceparent text,
          sender_bsuid text, sender_phone text, sent_at bigint, is_immediate boolean
        )
        left join chatbots c on c.phone_number_id = e.phone_number_id
        order by e.phone_number_id, e.kind, e.external_id
      ),
      recorded as (
        insert into webhook_events (
          organization_id, chatbot_id, phone_number_id, kind, external_id, status,
          sender_bsuid, sender_phone, payload, traceparent, sent_at, processed_at
        )
        select
          organization_id, chatbot_id, phone_number_id, kind, external_id,
          -- nothing is left to do for a status or an echo: this transaction applies it
          case when kind = 'message' then 'received' when kind in ('status', 'echo') then 'completed' else 'ignored' end,
          nullif(sender_bsuid, ''), nullif(sender_phone, ''), payload, traceparent,
          to_timestamp(sent_at), case when kind <> 'message' then now() end
        from event
        on conflict on constraint webhook_events_phone_number_id_kind_external_id_key do nothing
        returning id, phone_number_id, kind, external_id
      ),
      -- Only what is new: an echo that is delivered again must not take over what was given back since.
      -- In one order, so that two POSTs do not wait for each other's contacts.
      echoed as (
        select record_echo(o.organization_id, o.chatbot_id, o.sender_bsuid, o.sender_phone, o.payload -> 'message', o.sent_at)
        from (
          select e.* from event e join recorded r using (phone_number_id, kind, external_id)
          where e.is_echo
          order by e.chatbot_id, e.sender_bsuid, e.sender_phone, e.sent_at
        ) o
      )
      select
        coalesce(r.id, w.id), e.phone_number_id, e.external_id,
        coalesce(nullif(e.sender_bsuid, ''), e.sender_phone, ''),
        case when e.is_immediate then 0 else coalesce(e.debounce_seconds, 0) end,
        r.id is not null
      from event e
      left join recorded r using (phone_number_id, kind, external_id)
      -- by its key, and only what is not new: "offset" keeps the planner from any other way, which it would take for
      -- as long as the connection lives, if the table was empty at its first event
      left join lateral (
        select known.id, known.status
        from webhook_events known
        where r.id is null and known.phone_number_id = e.phone_number_id
          and known.kind = e.kind and known.external_id = e.external_id
        offset 0
      ) w on true
      where e.is_answered and (r.id is not null or w.status = 'received')
        -- a query that nobody asks is not run
        and (select count(*) from echoed) >= 0;
    -- after the echoes: whoever else locks a contact and its messages locks them in this order
    if p_events @? '$[*] ? (@.kind == "status")' then
      perform apply_delivery_statuses(p_events);
    end if;
  end
  $$;

-- Down Migration

create or replace function record_webhook_events(p_events jsonb)
  returns table (
    webhook_event_id bigint,
    phone_number_id text,
    external_id text,
    sender text,
    start_after_seconds numeric,
    is_new boolean
  )
  language plpgsql volatile security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
  -- the names of the answer's columns are those of tables, too
  #variable_conflict use_column
  begin
    return query
      with event as (
        select distinct on (e.phone_number_id, e.kind, e.external_id)
          e.*, c.organization_id, c.id as chatbot_id, c.debounce_seconds
        from jsonb_to_recordset(p_events) as e (
          phone_number_id text, kind text, external_id text, payload jsonb, traceparent text,
          sender_bsuid text, sender_phone text, sent_at bigint, is_immediate boolean,
          wamid text, delivery_status text, delivery_key uuid, delivery_error jsonb, changed_at bigint
        )
        left join chatbots c on c.phone_number_id = e.phone_number_id
        order by e.phone_number_id, e.kind, e.external_id
      ),
      recorded as (
        insert into webhook_events (
          organization_id, chatbot_id, phone_number_id, kind, external_id, status,
          sender_bsuid, sender_phone, payload, traceparent, sent_at, processed_at
        )
        select
          organization_id, chatbot_id, phone_number_id, kind, external_id,
          -- nothing is left to do for a status or an echo: this statement applies it
          case when kind = 'message' then 'received' when kind in ('status', 'echo') then 'completed' else 'ignored' end,
          nullif(sender_bsuid, ''), nullif(sender_phone, ''), payload, traceparent,
          to_timestamp(sent_at), case when kind <> 'message' then now() end
        from event
        on conflict on constraint webhook_events_phone_number_id_kind_external_id_key do nothing
        returning id, phone_number_id, kind, external_id
      ),
      -- Only what is new: an echo that is delivered again must not take over what was given back since.
      -- In one order, so that two POSTs do not wait for each other's contacts.
      echoed as (
        select record_echo(o.organization_id, o.chatbot_id, o.sender_bsuid, o.sender_phone, o.payload -> 'message', o.sent_at)
        from (
          select e.* from event e join recorded r using (phone_number_id, kind, external_id)
          where e.kind = 'echo' and e.chatbot_id is not null
          order by e.chatbot_id, e.sender_bsuid, e.sender_phone, e.sent_at
        ) o
      ),
      -- several statuses of one message may share a POST: only the furthest counts
      furthest as (
        select distinct on (m.id)
          m.id, e.wamid, e.delivery_status, e.delivery_error, e.changed_at
        from event e
        join messages m on m.chatbot_id = e.chatbot_id
          and (
            m.wamid = e.wamid
            -- by its key only if no message has that wamid: one that has is the one meant
            or m.delivery_key = e.delivery_key and not exists (
              select from messages known where known.chatbot_id = e.chatbot_id and known.wamid = e.wamid
            )
          )
        where e.kind = 'status' and m.author = 'chatbot'
          -- asks for the echoes first: whoever else locks a contact and its messages locks them in this order
          and (select count(*) from echoed) >= 0
          and delivery_rank(e.delivery_status) > delivery_rank(m.delivery_status)
        order by m.id, delivery_rank(e.delivery_status) desc
      ),
      moved as (
        update messages m set
          wamid = coalesce(m.wamid, f.wamid),
          delivery_status = f.delivery_status,
          delivery_error = coalesce(f.delivery_error, m.delivery_error),
          status_changed_at = to_timestamp(f.changed_at)
        from furthest f
        -- asked again: another POST may have moved the row while this one waited for its lock
        where m.id = f.id and delivery_rank(f.delivery_status) > delivery_rank(m.delivery_status)
      )
      select
        coalesce(r.id, w.id), e.phone_number_id, e.external_id,
        coalesce(nullif(e.sender_bsuid, ''), e.sender_phone, ''),
        case when e.is_immediate then 0 else coalesce(e.debounce_seconds, 0) end,
        r.id is not null
      from event e
      left join recorded r using (phone_number_id, kind, external_id)
      left join webhook_events w using (phone_number_id, kind, external_id)
      where e.kind = 'message' and e.chatbot_id is not null
        and (r.id is not null or w.status = 'received');
  end
  $$;

drop function apply_delivery_statuses(jsonb);
