-- Up Migration

/*
 * Writes a webhook POST's events, moves delivery statuses forward, and says for which messages
 * a flow has to be started: all in one statement and one round trip, since Meta waits for it.
 *
 * p_events: [{"phone_number_id", "kind", "external_id", "payload", "traceparent"?,
 *   message: "sender_bsuid"?, "sender_phone"?, "sent_at" (unix seconds), "is_immediate" (a button reply),
 *   status:  "wamid", "delivery_status", "delivery_key"? (uuid), "delivery_error"?, "changed_at" (unix seconds)}]
 *
 * A message that was recorded before and still waits is answered again with the same id: the POST may be
 * Meta's retry after we died between the commit and the start of the flow.
 */
create function record_webhook_events(p_events jsonb)
  returns table (
    webhook_event_id bigint,
    phone_number_id text,
    external_id text,
    sender text,
    start_after_seconds numeric,
    is_new boolean
  )
  language sql volatile security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
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
        -- nothing is left to do for a status: this statement applies it
        case kind when 'message' then 'received' when 'status' then 'completed' else 'ignored' end,
        nullif(sender_bsuid, ''), nullif(sender_phone, ''), payload, traceparent,
        to_timestamp(sent_at), case when kind <> 'message' then now() end
      from event
      on conflict on constraint webhook_events_phone_number_id_kind_external_id_key do nothing
      returning id, phone_number_id, kind, external_id
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
      and (r.id is not null or w.status = 'received')
  $$;

alter function record_webhook_events(jsonb) owner to chatbot_router;
revoke all on function record_webhook_events(jsonb) from public;
grant execute on function record_webhook_events(jsonb) to chatbot_ingress;

comment on function record_webhook_events(jsonb) is
  'Writes the events of a webhook POST once, applies its delivery statuses, and answers which messages wait for a flow.';

create function inbox_health(out waiting bigint, out oldest_waiting_seconds double precision)
  language sql stable security definer
  set search_path = pg_catalog, public, pg_temp
  as $$
    select count(*), coalesce(extract(epoch from now() - min(received_at)), 0)
    from webhook_events
    where kind = 'message' and status = 'received' and chatbot_id is not null
  $$;

alter function inbox_health() owner to chatbot_router;
revoke all on function inbox_health() from public;
grant execute on function inbox_health() to chatbot_ingress;

comment on function inbox_health() is 'What the ingress reports of the inbox: how many messages wait, and for how long the oldest has.';

-- Down Migration

drop function inbox_health();
drop function record_webhook_events(jsonb);
